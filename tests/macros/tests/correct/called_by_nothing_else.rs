//! A command counts as used, and so do items that only its defaults and its types mention.

mod plugin {
    use plugin_sdk::prelude::*;

    #[derive(Deserialize, Schema)]
    struct Query {
        from: u32,
    }

    enum Refusal {
        Late,
    }

    impl std::fmt::Debug for Refusal {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            std::fmt::Display::fmt(self, f)
        }
    }

    impl std::fmt::Display for Refusal {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("too late")
        }
    }

    impl std::error::Error for Refusal {}

    fn first() -> u32 {
        1
    }

    #[plugin(commands(listed))]
    #[derive(Default)]
    struct Private;

    #[plugin]
    impl Private {
        #[command]
        fn find(&self, #[arg(flatten)] query: Query) -> Result<u32, Refusal> {
            if query.from > 1 {
                Err(Refusal::Late)
            } else {
                Ok(query.from)
            }
        }

        #[command]
        fn count(&self, #[arg(default = first())] from: u32) -> u32 {
            from
        }

        #[stop]
        fn stop(&mut self) {}
    }

    #[command]
    fn listed() {}
}
