use std::rc::Rc;

use plugin_sdk::host_functions;

#[host_functions(module = "numbers")]
trait Numbers {
    fn double(number: u32) -> u32;
}

struct Doubling;

impl AsyncNumbers for Doubling {
    async fn double(&mut self, number: u32) -> u32 {
        let shared = Rc::new(number);
        std::future::ready(()).await;
        *shared * 2
    }
}

fn main() {
    numbers::provide_async(Doubling);
}
