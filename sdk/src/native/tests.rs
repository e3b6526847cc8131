//! A plugin with a host, without a harness.

use crate::abi;
use crate::host_functions;
use crate::imports::{Answer, HostFunctions, Serve};
use crate::native::{Buffer, Callee, Ending, Guest, Host, Import, guest, within};
use crate::prelude::*;

/// Functions in the forms that differ in memory.
#[host_functions(module = "forms")]
trait Forms {
    fn reverse(text: &mut [u8]);
    fn halve(numbers: &mut [f64]);
    fn digest(data: &[u8], #[out] digest: &mut [u8; 4]);
    fn find(key: Option<&str>) -> Result<Option<String>>;
    #[host(buffer(initial = 2, max = 64))]
    fn fetch(key: &str) -> Result<Vec<u8>>;
    #[host(in_out(initial = 2, max = 64))]
    fn fetch_in_out(key: &str) -> Result<Vec<u8>>;
    fn upper(text: &std::ffi::CStr) -> std::ffi::CString;
}

struct Answers;

impl Forms for Answers {
    fn reverse(&mut self, text: &mut [u8]) {
        text.reverse();
    }

    fn halve(&mut self, numbers: &mut [f64]) {
        numbers.iter_mut().for_each(|number| *number /= 2.0);
    }

    fn digest(&mut self, data: &[u8], digest: &mut [u8; 4]) {
        assert_eq!(*digest, [0; 4], "the host gets zeros");
        *digest = [data.len() as u8; 4];
    }

    fn find(&mut self, key: Option<&str>) -> Result<Option<String>> {
        match key {
            Some("") => Err(Error::new("empty", "the key is empty")),
            key => Ok(key.map(str::to_owned)),
        }
    }

    fn fetch(&mut self, key: &str) -> Result<Vec<u8>> {
        Ok(key.repeat(3).into_bytes())
    }

    fn fetch_in_out(&mut self, key: &str) -> Result<Vec<u8>> {
        self.fetch(key)
    }

    fn upper(&mut self, text: &std::ffi::CStr) -> std::ffi::CString {
        std::ffi::CString::new(text.to_bytes().to_ascii_uppercase()).unwrap()
    }
}

/// The answers of the host, or the arguments that it changed.
type Received = (String, f64, Vec<u8>, Option<String>, String);

#[plugin(commands(double))]
#[derive(Default)]
struct Forming {
    calls: u64,
}

#[plugin]
impl Forming {
    #[command]
    fn run(&mut self, key: &str) -> Result<Received> {
        self.calls += 1;
        let mut text = key.as_bytes().to_vec();
        forms::reverse(&mut text);
        let mut numbers = [1.0, 3.0];
        forms::halve(&mut numbers);
        let mut digest = [9; 4];
        forms::digest(key.as_bytes(), &mut digest);
        let fetched = forms::fetch(key)?;
        assert_eq!(fetched, forms::fetch_in_out(key)?);
        assert_eq!(forms::find(None)?, None);
        let upper = forms::upper(c"abc").into_string().unwrap();
        let reversed = String::from_utf8(text)?;
        Ok((
            reversed + &upper,
            numbers.iter().sum(),
            digest.to_vec(),
            forms::find(Some(key))?,
            String::from_utf8(fetched)?,
        ))
    }

    #[command(raw)]
    fn echo(bytes: &[u8]) -> &[u8] {
        bytes
    }

    #[start]
    fn start(&mut self) -> u64 {
        self.calls
    }
}

#[command(raw, batch)]
fn double(numbers: &mut [f64]) -> &mut [f64] {
    numbers.iter_mut().for_each(|number| *number *= 2.0);
    numbers
}

/// A host that serves calls from a table, as engines do.
#[derive(Default)]
struct Table(Option<HostFunctions>);

impl Host for Table {
    fn call(
        &mut self,
        import: &'static Import,
        memory: &mut [u8],
        slots: &[u64],
    ) -> std::result::Result<Answer, Ending> {
        let functions = self.0.as_mut().ok_or_else(no_host)?;
        let mut found = functions.functions().iter();
        let function = found.find(|function| function.name == import.name);
        match function.map(|function| function.serve) {
            Some(Serve::Now(serve)) => {
                let served = serve(functions.erased(), memory, slots);
                served.map_err(|error| Box::new(error.to_string()) as Ending)
            }
            _ => Err(Box::new("there is no such function")),
        }
    }
}

fn call(guest: &mut dyn Guest, callee: Callee, arguments: &[u8]) -> (bool, Vec<u8>) {
    let mut host = Table(Some(forms::provide(Answers)));
    let mut buffer = Buffer::default();
    buffer.resize(arguments.len());
    buffer.bytes_mut().copy_from_slice(arguments);
    let mut output = Vec::new();
    let succeeded = within(&mut host, || {
        guest.call(callee, buffer.bytes_mut(), &mut output)
    });
    assert!(host.0.is_some(), "the host is back in its place");
    (succeeded, output)
}

#[test]
fn a_guest_has_all_parts_of_its_plugin_in_order() {
    let guest = guest::<Forming>();
    let expected = [("double", true), ("echo", false), ("run", false)];
    assert_eq!(guest.commands(), expected);
    assert!(guest.has_export(abi::START_EXPORT));
    assert!(!guest.has_export(abi::STOP_EXPORT));
    let manifest = String::from_utf8(guest.manifest()).unwrap();
    assert!(manifest.starts_with(r#"{"abi":1"#), "{manifest}");
    assert_eq!(manifest.lines().count(), 2);
}

#[test]
fn host_calls_of_every_form_reach_the_entered_host() {
    let mut guest = guest::<Forming>();
    let run = Callee::Command(2);
    let answer = call(&mut *guest, run, br#"{"key": "ab"}"#);
    let expected = br#"["baABC",2.0,[2,2,2,2],"ab","ababab"]"#;
    assert_eq!(answer, (true, expected.to_vec()));
    let (succeeded, error) = call(&mut *guest, run, br#"{"key": ""}"#);
    assert!(!succeeded);
    assert_eq!(Error::from_json(&error).unwrap().code(), "empty");
    let start = call(&mut *guest, Callee::Export(abi::START_EXPORT), b"");
    assert_eq!(start, (true, b"2".to_vec()));
}

#[test]
fn bytes_in_place_are_gathered_also_in_batches() {
    let mut guest = guest::<Forming>();
    let echo = call(&mut *guest, Callee::Command(1), b"abc");
    assert_eq!(echo, (true, b"abc".to_vec()));
    let number = 1.5f64.to_le_bytes();
    let framed = [&8u32.to_le_bytes()[..], &number].concat();
    let (succeeded, output) = call(&mut *guest, Callee::Batch(0), &framed);
    assert!(succeeded);
    assert_eq!(output[output.len() - 8..], 3.0f64.to_le_bytes());
}

#[test]
fn a_host_that_ends_the_call_unwinds_the_plugin() {
    let mut guest = guest::<Forming>();
    let mut host = Table(None);
    let mut arguments = *br#"{"key": "ab"}"#;
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        within(&mut host, || {
            guest.call(Callee::Command(2), &mut arguments, &mut Vec::new())
        })
    }));
    let payload = ended.unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&"there is no host"));
}

fn no_host() -> Ending {
    Box::new("there is no host")
}
