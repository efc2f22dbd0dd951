//! Words of a text, for full-text conditions.

/// The words: runs of letters and digits, in lower case. So `Café-Crème 2` is `café`, `crème`, `2`.
pub(crate) fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_runs_of_letters_and_digits_in_lower_case() {
        let found: Vec<_> = words("Café-Crème 2, ÖL; (été) ").collect();
        assert_eq!(found, ["café", "crème", "2", "öl", "été"]);
        assert_eq!(words(" .,- ").count(), 0);
    }
}
