//! What holds for every report.

use super::{Page, html};

pub mod odd_pages;
pub mod pages;

use odd_pages::{HOSTILE, QUOTED};

/// The text of a page as a reader sees it: without style, tags and entities.
fn text(html: &str) -> String {
    let (_, body) = html.split_once("<body>").unwrap();
    let mut out = String::new();
    for piece in body.split('<') {
        out.push_str(piece.split_once('>').map_or("", |(_, text)| text));
        out.push(' ');
    }
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&#x27;", "'"), ("&#x2f;", "/")];
    entities.iter().fold(out, |text, (entity, c)| text.replace(entity, c)).replace("&amp;", "&")
}

#[test]
fn a_label_cannot_become_markup() {
    let html = html(&odd_pages::extreme()).unwrap();
    assert!(!html.to_lowercase().contains("<script"), "a script got in");
    assert!(!html.contains("a & b") && !html.contains("b \"c\""), "a text was not escaped");
    // Twice escaped would be harmless, and wrong.
    assert!(!html.contains("&amp;lt;") && !html.contains("&amp;amp;") && !html.contains("&amp;quot;"));
    assert!(text(&html).contains(HOSTILE) && text(&html).contains(QUOTED));
}

#[test]
fn no_text_is_shown_in_another_order_than_it_has() {
    let page = Page { about: "a\u{202e}b\x1b".to_owned(), ..odd_pages::extreme() };
    let html = html(&page).unwrap();
    assert!(html.contains("a\\u{202e}b\\x1b"));
    assert!(!html.contains(['\u{202e}', '\x1b']));
}

#[test]
fn every_text_of_the_page_is_shown() {
    let page = odd_pages::extreme();
    let said = text(&html(&page).unwrap());
    let texts = page.classes.iter().map(|row| &row.label).chain(page.inventory.iter().map(|row| &row.label));
    for label in texts {
        assert!(said.contains(label), "{label}");
    }
    for row in &page.leaks.unwrap() {
        assert!(said.contains(&row.detail) && said.contains("1,234") && said.contains("12.4\u{202f}%"), "{row:?}");
    }
    assert!(said.contains(&page.sql.unwrap()) && said.contains(&page.about) && said.contains(&page.warnings[0]));
}

#[test]
fn every_row_of_the_tables_is_shown() {
    let page = pages::watch();
    let html = html(&page).unwrap();
    let section = |heading: &str| {
        let (_, rest) = html.split_once(&format!("<h2>{heading}")).unwrap();
        text(&format!("<body>{}", rest.split_once("<h2>").unwrap().0))
    };
    for row in &page.metrics {
        let value = super::number::measure(row.value.unwrap(), &row.unit);
        assert!(
            section("How good it is").contains(&row.metric) && section("How good it is").contains(&value),
            "{row:?}"
        );
    }
    for row in page.findings.iter().flatten() {
        let said = section("Findings");
        assert!(said.contains(&row.message) && said.contains(&row.cause) && said.contains(&row.advice), "{row:?}");
    }
    for row in &page.features {
        assert!(section("How it was made").contains(&super::number::digits(row.mean.unwrap())), "{row:?}");
    }
    for row in &page.recipe {
        let said = section("How it was made");
        assert!(said.contains(&row.key) && said.contains(&row.value), "{row:?}");
    }
}

#[test]
fn rows_are_counted_in_and_out() {
    let page = pages::watch();
    let html = html(&page).unwrap();
    let count = |piece: &str| html.matches(piece).count();
    // A class has one strip; an epoch, an inventory line, a bin, a feature have a line of a table.
    assert_eq!(count("class=\"strip\" viewBox"), page.classes.len());
    let lines = page.classes.len()
        + 11
        + page.baselines.len()
        + page.history.len()
        + 7
        + page.reliability.len()
        + page.features.len();
    // Every table of these has the same first cell, and the inventory has a line of sums.
    assert_eq!(count("<th scope=\"row\""), lines + 1);
    assert_eq!(count("<dt>"), page.recipe.len());
    assert_eq!(count("class=\"heat\""), page.confusion.iter().filter(|cell| cell.count > 0).count());
    assert_eq!(count("<svg class=\"roc\""), 7);
}

#[test]
fn a_page_without_rows_still_says_what_it_is() {
    let html = html(&odd_pages::empty()).unwrap();
    let said = text(&html);
    assert!(
        said.contains("not tested") && said.contains("There are no test windows.") && said.contains("new"),
        "{said}"
    );
    assert!(
        said.contains("No checks were made.")
            && said.contains("Nobody looked for leaks.")
            && said.contains("No epochs are known."),
        "{said}"
    );
    assert!(!html.contains("<svg") && !html.contains("NaN") && !said.contains("Nothing was found"));
}

#[test]
fn the_file_needs_nothing_from_elsewhere() {
    for page in [pages::watch(), odd_pages::extreme(), odd_pages::empty()] {
        let html = html(&page).unwrap();
        for piece in ["http://", "https://", "src=", "href=", "url(", "@import", "<link", "<iframe", "javascript:"] {
            assert!(!html.contains(piece), "{piece}");
        }
        assert!(html.contains("default-src 'none'"));
    }
}

#[test]
fn the_same_page_gives_the_same_bytes() {
    assert_eq!(html(&pages::watch()), html(&pages::watch()));
}

#[test]
fn every_element_is_closed() {
    const VOID: [&str; 9] = ["!doctype", "meta", "br", "line", "rect", "circle", "path", "img", "hr"];
    for page in [pages::watch(), odd_pages::extreme(), odd_pages::empty()] {
        let html = html(&page).unwrap();
        let mut open: Vec<&str> = vec![];
        for tag in html.split('<').skip(1).map(|piece| piece.split(['>', ' ', '\n', '/']).next().unwrap_or_default()) {
            if !tag.is_empty() && !VOID.contains(&tag) {
                open.push(tag);
            }
        }
        for closed in html.split("</").skip(1).map(|piece| piece.split('>').next().unwrap_or_default()) {
            let at = open.iter().position(|tag| *tag == closed);
            open.remove(at.unwrap_or_else(|| panic!("{closed} is closed but not open")));
        }
        assert!(open.is_empty(), "{open:?}");
    }
}

#[test]
fn a_validation_side_alone_is_shown_but_not_called_test() {
    let mut page: Page = pages::watch();
    page.headline = None;
    page.metrics.retain(|row| row.split == "validation");
    let html = html(&page).unwrap();
    assert!(text(&html).contains("not tested") && !html.contains("accuracy on test"));
}
