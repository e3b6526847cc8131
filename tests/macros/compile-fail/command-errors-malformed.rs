use plugin_sdk::prelude::*;

#[plugin]
#[derive(Default)]
struct Failing;

#[plugin]
impl Failing {
    #[command(errors(name_empty, gone = "", "too many" = "there are", gone = "it is gone"))]
    fn fail(&self) -> Result<()> {
        Ok(())
    }

    #[command(errors = "gone")]
    fn fail_again(&self) -> Result<()> {
        Ok(())
    }
}

fn main() {}
