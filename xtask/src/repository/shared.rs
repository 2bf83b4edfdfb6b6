//! Values that the applications of an environment share, and none of them uses.

use std::collections::{BTreeMap, btree_map::Entry};

use crate::diag::Report;

/// What the builds of each environment agree on.
#[derive(Debug, Default)]
pub struct SharedValues {
    /// None once a build has failed: nobody knows what it would have used.
    environments: BTreeMap<String, Option<Report>>,
}

impl SharedValues {
    /// Adds the warnings of one build about shared values that it does not use; none if it failed.
    pub fn add(&mut self, environment: &str, unused: Option<Report>) {
        match self.environments.entry(environment.to_owned()) {
            Entry::Vacant(entry) => {
                entry.insert(unused);
            }
            Entry::Occupied(mut entry) => match (entry.get_mut(), unused) {
                (Some(common), Some(unused)) => common.keep_common(&unused),
                (common, _) => *common = None,
            },
        }
    }

    /// The warnings about values that no build of an environment uses, once all were added.
    pub fn reports(self) -> impl Iterator<Item = Report> {
        self.environments.into_values().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        diag::{Diagnostic, codes},
        source::{Sources, Span},
    };

    /// A report with a warning at each of these bytes of one file.
    fn report_at(places: &[u32]) -> Report {
        let mut sources = Sources::default();
        let file = sources.add("overlays/dev/values.yaml", "abcdef\n");
        let at = |&start| {
            let span = Span::new(file, start..start + 1);
            Diagnostic::warning(codes::TEMPLATE_UNUSED_VALUE, "unused", span)
        };
        let mut report = Report::new(false);
        report.add(&places.iter().map(at).collect::<Vec<_>>(), &sources);
        report
    }

    fn warnings(builds: &[(&str, Option<&[u32]>)]) -> usize {
        let mut shared = SharedValues::default();
        for (environment, unused) in builds {
            shared.add(environment, unused.map(report_at));
        }
        shared.reports().map(|report| report.findings().count()).sum()
    }

    #[test]
    fn what_one_application_uses_is_used() {
        assert_eq!(warnings(&[("dev", Some(&[0, 1])), ("dev", Some(&[1, 2]))]), 1);
        assert_eq!(warnings(&[("dev", Some(&[0])), ("dev", Some(&[]))]), 0);
    }

    #[test]
    fn environments_do_not_use_values_of_each_other() {
        assert_eq!(warnings(&[("dev", Some(&[0])), ("prod", Some(&[]))]), 1);
    }

    #[test]
    fn a_failed_build_may_have_used_everything() {
        assert_eq!(warnings(&[("dev", Some(&[0])), ("dev", None), ("dev", Some(&[0]))]), 0);
        assert_eq!(warnings(&[("dev", None), ("dev", Some(&[0]))]), 0);
    }
}
