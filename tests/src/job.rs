//! The long job that reveals leaks: calls of every kind and size, in the order of a seeded
//! generator, by hosts that manage memory in different ways.

use plugin_sdk::abi::Packed;
use wasmtime::Module;

use crate::host::{Command, Host};

/// The way in which a host manages memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// Uses one buffer for all arguments; frees nothing.
    OneBuffer,
    /// Uses one buffer for all arguments; frees every result, even those inside the buffer.
    OneBufferFreesResults,
    /// Allocates for each call, and frees the arguments.
    FreesArguments,
    /// Allocates for each call, and frees the arguments, then the result.
    FreesArgumentsThenResults,
    /// Allocates for each call, and frees the result, then the arguments.
    FreesResultsThenArguments,
}

impl Habit {
    /// All of them.
    pub const ALL: [Habit; 5] = [
        Habit::OneBuffer,
        Habit::OneBufferFreesResults,
        Habit::FreesArguments,
        Habit::FreesArgumentsThenResults,
        Habit::FreesResultsThenArguments,
    ];

    fn keeps_buffer(self) -> bool {
        matches!(self, Habit::OneBuffer | Habit::OneBufferFreesResults)
    }
}

/// The largest arguments and results, in bytes: 8 MiB.
const LARGEST: usize = 8 << 20;

/// The number of steps after which a job has made each kind of call with [`LARGEST`].
const BEGINNING: u64 = 700;

/// Afterwards, one of this many steps has that size, and one has a random size up to it.
const LARGE_EVERY: u64 = 4000;

/// A job in progress. The guest is `contract`.
pub struct Job {
    host: Host,
    habit: Habit,
    /// The address of the buffer, for hosts that keep one.
    buffer: u32,
    calls: u64,
    steps: u64,
    random: u64,
    /// The source of arguments of any size.
    bytes: Vec<u8>,
    commands: Commands,
}

/// A guest that could not continue, although it needs no more memory than at the beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// The number of calls until then.
    pub calls: u64,
    /// The size of its memory in pages.
    pub pages: u64,
    /// The reason.
    pub why: String,
}

struct Commands {
    join: Command,
    fail: Command,
    shapes: Command,
    repeat: Command,
    nothing: Command,
    echo: Command,
    trim: Command,
    copy: Command,
    fill: Command,
    halve: Command,
    swallow: Command,
}

const SHAPES: &str = r#"{"shapes":{"flag":true,"small":1,"large":1,"huge":1,"single":0.5,"character":"c","text":"\u00e9","pair":[1,null],"list":["point",{"group":{"name":"g","members":["point",{"circle":1.5}]}}],"map":{"1":[1,null,2.5],"2":[]}}}"#;

impl Job {
    /// Creates a job with a new instance.
    pub fn new(contract: &Module, habit: Habit) -> Self {
        let mut host = Host::new(contract);
        host.answer("plugin_init", b"");
        let buffer = if habit.keeps_buffer() {
            host.alloc(LARGEST as u32)
        } else {
            0
        };
        let mut command = |name: &str| host.command(&format!("command_{name}"));
        Job {
            commands: Commands {
                join: command("join"),
                fail: command("fail"),
                shapes: command("shapes"),
                repeat: command("repeat"),
                nothing: command("nothing"),
                echo: command("echo"),
                trim: command("trim"),
                copy: command("copy"),
                fill: command("fill"),
                halve: command("halve"),
                swallow: command("swallow"),
            },
            host,
            habit,
            buffer,
            calls: 0,
            steps: 0,
            random: 0x9e37_79b9_7f4a_7c15,
            bytes: vec![b' '; LARGEST],
        }
    }

    /// Continues until `calls` calls have been made since the beginning. Returns the size of the
    /// memory in pages.
    pub fn run_to(&mut self, calls: u64) -> Result<u64, Stopped> {
        let bytes = std::mem::take(&mut self.bytes);
        while self.calls < calls {
            self.step(&bytes)?;
        }
        self.bytes = bytes;
        Ok(self.host.pages())
    }

    fn step(&mut self, bytes: &[u8]) -> Result<(), Stopped> {
        let (kind, size) = self.next();
        let Commands {
            join,
            fail,
            shapes,
            repeat,
            nothing,
            echo,
            trim,
            copy,
            fill,
            halve,
            swallow,
        } = &self.commands;
        let sized = &bytes[..size];
        let number;
        let text;
        // The command, its arguments, whether it succeeds, and the length of its answer.
        let (command, arguments, succeeds, len): (&Command, &[u8], bool, Option<usize>) = match kind
        {
            0 => {
                text = format!(r#"{{"text":"x","times":{}}}"#, size.saturating_sub(2));
                (repeat, text.as_bytes(), true, Some(size.max(2)))
            }
            1 => (echo, sized, true, Some(size)),
            2 => (trim, sized, true, Some(0)),
            3 => (copy, sized, true, Some(size)),
            4 => {
                number = (size as u32).to_le_bytes();
                (fill, &number, true, Some(size))
            }
            5 => (halve, &sized[..size & !3], true, Some(size & !3)),
            6 => (swallow, sized, true, Some(0)),
            7..11 => (join, br#"{"left":"Ada","right":"Grace"}"#, true, Some(11)),
            11 => (join, br#"{"left":"Ada"}"#, false, None),
            12 => (join, b"nonsense", false, None),
            13 => (fail, br#"{"limit":3}"#, false, None),
            14 => (shapes, SHAPES.as_bytes(), true, None),
            _ => (nothing, b"", true, Some(4)),
        };
        let command = command.clone();
        // A host that frees results in its buffer must use the buffer for the next call.
        let pass_on =
            (self.random >> 40).is_multiple_of(32) && self.habit != Habit::OneBufferFreesResults;
        let echo = echo.clone();

        let address = if self.habit.keeps_buffer() {
            self.buffer
        } else {
            self.host.alloc(arguments.len() as u32)
        };
        if address == 0 {
            return Err(self.stopped(format!("no memory for {} bytes", arguments.len())));
        }
        self.host.write(address, arguments);
        let mut packed = self.call(&command, address, arguments.len() as u32)?;
        assert_eq!(packed.failed, !succeeds, "call {}", self.calls);
        if let Some(len) = len {
            assert_eq!(packed.len as usize, len, "call {}", self.calls);
        }
        if pass_on {
            packed = self.call(&echo, packed.address, packed.len)?;
        }
        let len = arguments.len() as u32;
        match self.habit {
            Habit::OneBuffer => {}
            Habit::OneBufferFreesResults => self.host.free(packed.address, packed.len),
            Habit::FreesArguments => self.host.free(address, len),
            Habit::FreesArgumentsThenResults => {
                self.host.free(address, len);
                self.host.free(packed.address, packed.len);
            }
            Habit::FreesResultsThenArguments => {
                self.host.free(packed.address, packed.len);
                self.host.free(address, len);
            }
        }
        Ok(())
    }

    fn call(&mut self, command: &Command, address: u32, len: u32) -> Result<Packed, Stopped> {
        self.calls += 1;
        match command.call(&mut self.host.store, (address, len)) {
            Ok(bits) => Ok(Packed::from_bits(bits)),
            Err(error) => Err(self.stopped(error.root_cause().to_string())),
        }
    }

    fn stopped(&self, why: String) -> Stopped {
        Stopped {
            calls: self.calls,
            pages: self.host.pages(),
            why,
        }
    }

    /// Returns the kind of the next call, one of 16, and the size for the first 7 kinds, in bytes:
    /// most are small.
    fn next(&mut self) -> (u64, usize) {
        // Marsaglia's xorshift64.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        let kind = (self.random >> 32) % 16;
        let any = (self.random & 0xff_ffff) as usize;
        let nth = self.steps;
        self.steps += 1;
        if nth < BEGINNING && nth % 100 == 50 {
            return (nth / 100, LARGEST);
        }
        let size = match nth % LARGE_EVERY {
            2000 => LARGEST,
            3000 => any % LARGEST,
            other if other % 50 == 0 => any % (64 << 10),
            _ => any % 1024,
        };
        (kind, size)
    }
}
