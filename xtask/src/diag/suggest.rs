//! What a reader may have meant by a name that does not exist.

/// The candidate nearest to `given`, if it is near enough to be a slip.
pub fn closest<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let given = given.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::osa_distance(&given, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.chars().count() / 3).max(1))
        .min()
        .map(|(_, candidate)| candidate)
}

/// `did you mean ...`, for the help of a diagnostic or the end of a message.
pub fn did_you_mean<'a>(
    given: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    closest(given, candidates).map(|found| format!("did you mean `{found}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let names = ["dev", "prod", "staging"];
        assert_eq!(closest("prdo", names), Some("prod"));
        assert_eq!(closest("PROD", names), Some("prod"));
        assert_eq!(closest("qa", names), None);
        assert_eq!(did_you_mean("stagin", names).as_deref(), Some("did you mean `staging`?"));
    }
}
