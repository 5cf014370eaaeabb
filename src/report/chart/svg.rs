//! A small writer of SVG: shapes in classes of the style sheet, every text escaped.

use std::fmt::Write as _;

use crate::shown::escaped;

/// A point in pixels, from the upper left corner.
pub type Point = (f64, f64);

/// A drawing that is being made.
#[derive(Debug, Clone, PartialEq)]
pub struct Svg {
    width: f64,
    height: f64,
    body: String,
}

/// Where a text stands relative to its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// It begins there.
    Start,
    /// Its middle is there.
    Middle,
    /// It ends there.
    End,
}

impl Svg {
    /// An empty drawing of `width` x `height` pixels.
    pub fn new(width: f64, height: f64) -> Self {
        Self { width, height, body: String::new() }
    }

    /// A straight line.
    pub fn line(&mut self, class: &str, from: Point, to: Point) {
        let (x1, y1, x2, y2) = (px(from.0), px(from.1), px(to.0), px(to.1));
        self.push(format_args!(r#"<line class="{class}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>"#));
    }

    /// A rectangle by its upper left corner and its size; `opacity` in [0, 1] of its fill.
    pub fn rect(&mut self, class: &str, (x, y): Point, (width, height): Point, opacity: f64) {
        let (x, y, width, height) = (px(x), px(y), px(width), px(height));
        let fill = if opacity < 1.0 { format!(r#" fill-opacity="{opacity:.3}""#) } else { String::new() };
        self.push(format_args!(r#"<rect class="{class}" x="{x}" y="{y}" width="{width}" height="{height}"{fill}/>"#));
    }

    /// A circle.
    pub fn circle(&mut self, class: &str, (x, y): Point, radius: f64) {
        let (x, y, r) = (px(x), px(y), px(radius));
        self.push(format_args!(r#"<circle class="{class}" cx="{x}" cy="{y}" r="{r}"/>"#));
    }

    /// A line through points; none for fewer than two.
    pub fn path(&mut self, class: &str, points: &[Point]) {
        if points.len() < 2 {
            return;
        }
        let steps: Vec<String> = points.iter().map(|(x, y)| format!("{} {}", px(*x), px(*y))).collect();
        self.push(format_args!(r#"<path class="{class}" d="M{}"/>"#, steps.join("L")));
    }

    /// A text.
    pub fn text(&mut self, class: &str, anchor: Anchor, (x, y): Point, text: &str) {
        let (x, y, anchor, text) = (px(x), px(y), anchor.name(), escape(text));
        self.push(format_args!(r#"<text class="{class}" x="{x}" y="{y}" text-anchor="{anchor}">{text}</text>"#));
    }

    /// A text that rises to the right by 45 degrees from its point.
    pub fn rising_text(&mut self, class: &str, (x, y): Point, text: &str) {
        let (x, y, text) = (px(x), px(y), escape(text));
        self.push(format_args!(r#"<text class="{class}" transform="translate({x} {y}) rotate(-45)">{text}</text>"#));
    }

    /// Shapes that share a title, which a browser shows where the pointer rests.
    pub fn titled(&mut self, title: &str, draw: impl FnOnce(&mut Self)) {
        self.push(format_args!("<g><title>{}</title>", escape(title)));
        draw(self);
        self.push(format_args!("</g>"));
    }

    /// The element, in the class `class`, with what it shows for those who cannot see it.
    ///
    /// It needs no name space: it stands inside HTML.
    pub fn finish(self, class: &str, label: &str) -> String {
        let (width, height, label, body) = (px(self.width), px(self.height), escape(label), self.body);
        let size = format!(r#"viewBox="0 0 {width} {height}" width="{width}" height="{height}""#);
        format!(r#"<svg class="{class}" {size} role="img" aria-label="{label}">{body}</svg>"#)
    }

    fn push(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = self.body.write_fmt(element);
    }
}

impl Anchor {
    fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Middle => "middle",
            Self::End => "end",
        }
    }
}

/// The text without anything that HTML takes for markup, in attributes too, and without marks that show it in another order.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in escaped(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// The text in at most `limit` characters, with an ellipsis for its middle: names often differ in their end alone.
pub fn clip(text: &str, limit: usize) -> String {
    let length = text.chars().count();
    if length <= limit {
        return text.to_owned();
    }
    let end = limit / 3;
    let begin: String = text.chars().take(limit.saturating_sub(end + 1)).collect();
    let end: String = text.chars().skip(length - end).collect();
    format!("{}…{}", begin.trim_end(), end.trim_start())
}

/// About how many pixels wide a text of 11 pixels is; Chinese, Japanese and Korean are twice as wide as Latin.
pub fn width_of(text: &str) -> f64 {
    text.chars().map(|c| if c >= '\u{2e80}' { 11.0 } else { 6.1 }).sum()
}

/// A coordinate to a tenth of a pixel.
fn px(x: f64) -> String {
    let text = format!("{x:.1}");
    let text = text.strip_suffix(".0").unwrap_or(&text);
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_leave_its_element() {
        assert_eq!(escape("a\u{202e}b"), "a\\u{202e}b");
        let mut svg = Svg::new(10.0, 5.5);
        svg.titled("a & \"b\"", |svg| svg.text("t", Anchor::End, (-0.01, 2.0), "</text><script>"));
        let expected =
            r#"<svg class="c" viewBox="0 0 10 5.5" width="10" height="5.5" role="img" aria-label="it&#39;s">"#
                .to_owned()
                + "<g><title>a &amp; &quot;b&quot;</title>"
                + r#"<text class="t" x="0" y="2" text-anchor="end">&lt;/text&gt;&lt;script&gt;</text></g></svg>"#;
        assert_eq!(svg.finish("c", "it's"), expected);
    }

    #[test]
    fn a_long_text_keeps_both_ends() {
        assert_eq!(clip("walking", 7), "walking");
        assert_eq!(clip("shoulder_abduction_left", 16), "shoulder_a…_left");
    }
}
