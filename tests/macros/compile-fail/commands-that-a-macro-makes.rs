use plugin_sdk::prelude::*;

#[plugin]
#[derive(Default)]
struct Calculator;

macro_rules! operations {
    ($($name:ident $operator:tt),*) => {$(
        #[command]
        pub fn $name(&self, left: i64, right: i64) -> i64 {
            left $operator right
        }
    )*};
}

macro_rules! functions {
    ($($name:ident $operator:tt),*) => {$(
        #[command]
        pub fn $name(left: i64, right: i64) -> i64 {
            left $operator right
        }
    )*};
}

#[plugin]
impl Calculator {
    operations!(add +, subtract -);
    functions!(multiply *, divide /);

    #[command]
    fn zero(&self) -> i64 {
        self.add(0, Self::multiply(0, 1))
    }
}

fn main() {}
