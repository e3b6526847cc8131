//! Scripted answers, and the questions asked.

use std::collections::VecDeque;

use plugin_sdk::Error;

use super::ring::Ring;

/// The most questions that are kept, and the most bytes of them.
const KEPT: usize = 1000;
const KEPT_BYTES: usize = 64 << 20;

type Rule<Q, A> = Box<dyn FnMut(&Q) -> Option<Result<A, Error>> + Send>;

/// Questions of type `Q` and their answers. Rules come first, in the order they were added, then
/// the queue.
pub(super) struct Script<Q, A> {
    rules: Vec<Rule<Q, A>>,
    queue: VecDeque<Result<A, Error>>,
    asked: Ring<Q>,
}

impl<Q, A> Default for Script<Q, A> {
    fn default() -> Self {
        Script {
            rules: Vec::new(),
            queue: VecDeque::new(),
            asked: Ring::new(KEPT, KEPT_BYTES),
        }
    }
}

impl<Q, A> Script<Q, A> {
    pub(super) fn queue(&mut self, answer: Result<A, Error>) {
        self.queue.push_back(answer);
    }

    pub(super) fn rule(
        &mut self,
        rule: impl FnMut(&Q) -> Option<Result<A, Error>> + Send + 'static,
    ) {
        self.rules.push(Box::new(rule));
    }

    /// Records a question of about `bytes` bytes, and returns its scripted answer, or `None`
    /// without one.
    pub(super) fn ask(&mut self, question: Q, bytes: usize) -> Option<Result<A, Error>> {
        let answer = self
            .rules
            .iter_mut()
            .find_map(|rule| rule(&question))
            .or_else(|| self.queue.pop_front());
        self.asked.push(question, bytes);
        answer
    }

    /// Returns the questions, oldest first.
    pub(super) fn asked(&self) -> impl Iterator<Item = &Q> {
        self.asked.iter()
    }

    /// Returns the number of answers left in the queue.
    pub(super) fn left(&self) -> usize {
        self.queue.len()
    }
}

/// Returns whether a text matches a pattern, in which `*` matches any run of characters.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let Some((first, later)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let (between, last) = later.rsplit_once('*').unwrap_or(("", later));
    for part in between.split('*') {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn star_matches_any_run_of_characters() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("a", "a", true),
            ("a", "ab", false),
            ("a*", "a", true),
            ("a*", "ab", true),
            ("*a", "ba", true),
            ("*a", "ab", false),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("**", "anything", true),
            ("GET */words?*", "GET http://h/words?n=3", true),
            ("GET */words?*", "POST http://h/words?n=3", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern:?} on {text:?}");
        }
    }

    #[test]
    fn rules_precede_the_queue_and_questions_are_recorded() {
        let mut script = Script::<u32, &str>::default();
        script.queue(Ok("first"));
        script.queue(Err(Error::msg("second")));
        script.rule(|asked| (*asked == 7).then_some(Ok("seven")));
        let mut answers = [1, 7, 2, 3]
            .map(|question| script.ask(question, 4))
            .into_iter();
        assert_eq!(answers.next(), Some(Some(Ok("first"))));
        assert_eq!(answers.next(), Some(Some(Ok("seven"))));
        assert_eq!(answers.next(), Some(Some(Err(Error::msg("second")))));
        assert_eq!(answers.next(), Some(None));
        assert_eq!(script.asked().copied().collect::<Vec<_>>(), [1, 7, 2, 3]);
        assert_eq!(script.left(), 0);
    }
}
