//! Runs the main jobs natively: the same code as in WebAssembly, without an engine and a harness.
//!
//! Prints the name of each job. In the same order, each is one call of [`counted`], by which a
//! profiler finds its instructions.
#![forbid(unsafe_code)]

use calling::Calling;
use contract::Contract;
use main_jobs::{FIRST, jobs};
use plugin_sdk::abi::INIT_EXPORT;
use plugin_sdk::imports::Answer;
use plugin_sdk::native::{Buffer, Callee, Ending, Guest, Host, Import, guest, within};

/// The number of calls after which a job takes as many instructions as the time before.
const SETTLING: usize = 3;

/// Answers every call with an empty text.
#[derive(Default)]
struct Answers;

impl Host for Answers {
    fn call(&mut self, _: &'static Import, _: &mut [u8], _: &[u64]) -> Result<Answer, Ending> {
        Ok(Answer::Packed { bytes: Vec::new() })
    }
}

/// The call of a guest whose instructions count: see [`main_jobs::COUNTED`].
#[inline(never)]
fn counted(guest: &mut dyn Guest, callee: Callee, input: &mut [u8], output: &mut Vec<u8>) -> bool {
    guest.call(callee, input, output)
}

fn main() {
    let (mut contract, mut calling) = (guest::<Contract>(), guest::<Calling>());
    let (mut arguments, mut output) = (Buffer::default(), Vec::new());
    let made = contract.call(
        Callee::Export(INIT_EXPORT),
        &mut b"{}".to_vec(),
        &mut output,
    );
    assert!(made, "the init hook");
    for (nth, job) in jobs().iter().enumerate() {
        let guest = match job.guest {
            main_jobs::Guest::Contract => &mut *contract,
            main_jobs::Guest::Calling => &mut *calling,
        };
        let commands = guest.commands();
        let found = commands.iter().position(|(name, _)| *name == job.command);
        let Some(callee) = found.map(Callee::Command) else {
            panic!("there is no command `{}`", job.command);
        };
        let mut run = |call: fn(&mut dyn Guest, Callee, &mut [u8], &mut Vec<u8>) -> bool| {
            arguments.resize(job.input.len());
            arguments.bytes_mut().copy_from_slice(&job.input);
            let succeeded = within(&mut Answers, || {
                call(guest, callee, arguments.bytes_mut(), &mut output)
            });
            assert_eq!(succeeded, job.succeeds, "{}", job.name);
        };
        if nth == 0 {
            println!("{FIRST}");
            run(counted);
        }
        for _ in 0..SETTLING {
            run(|guest, callee, input, output| guest.call(callee, input, output));
        }
        println!("{}", job.name);
        run(counted);
    }
}
