//! Sources whose frames never became windows.

use super::{Check, Finding, Source};

/// `forgotten_source`
pub const CHECK: Check = Check {
    name: "forgotten_source",
    about: "A source of frames without a single window.",
    find: |facts| facts.sources.iter().filter(|source| source.windows == 0).map(finding).collect(),
};

fn finding(source: &Source) -> Finding {
    Finding::warning(&CHECK, format!("source '{}' gave no windows", source.name))
        .about(&source.name)
        .because("a join or filter leaves it out, its frames have no label, or its segments are shorter than a window")
        .advise(
            "see what became of its frames: SELECT * FROM pose_window_stats((SELECT * FROM frames)); short segments \
             become windows with short => 'pad' or a smaller width => 15",
        )
}

#[cfg(test)]
mod tests {
    use super::super::Source;
    use super::super::tests::{found, healthy};

    #[test]
    fn a_source_without_windows_is_named() {
        let mut facts = healthy();
        facts.sources = vec![Source { name: "lab".into(), windows: 700 }, Source { name: "phone".into(), windows: 0 }];
        let findings = found(&super::CHECK, &facts);
        assert_eq!((findings.len(), findings[0].message.as_str()), (1, "source 'phone' gave no windows"));
    }
}
