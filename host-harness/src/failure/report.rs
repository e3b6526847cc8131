//! Formats a failure in the style of the Rust compiler's errors.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::Failure;
use super::backtrace::Frame;
use super::context::{HostCall, LogLine, Usage};
use super::kind::{FailureKind, Panic};
use crate::limits::Limits;
use crate::symbols::{self, Symbols};
use crate::text;

/// The maximum number of frames shown; the report gives the number of omitted ones.
const MAX_SHOWN_FRAMES: usize = 16;

/// The maximum number of frames that are searched for a readable source file.
const MAX_TRIED: usize = 16;

/// The maximum number of bytes shown of a file name.
const MAX_FILE: usize = 300;

/// The note in place of the stack, for an engine that does not keep it.
const NO_STACK: &str = "the engine wasmi does not keep the stack; `PLUGIN_SDK_ENGINE=wasmtime` shows it, with the feature `wasmtime` of plugin-sdk-harness";

/// Formats a failure as a report, together with the earlier failure that caused it, if any.
pub(super) fn render(failure: &Failure, renderer: &Renderer, f: &mut Formatter<'_>) -> fmt::Result {
    let account = failure.account();
    let mut parts = vec![Part::of(failure)];
    if let FailureKind::Poisoned { first } = failure.kind() {
        parts.push(Part::of(first));
    }
    let groups: Vec<Group<'_>> = parts
        .iter()
        .enumerate()
        .map(|(nth, part)| part.group(nth == 0))
        .collect();
    f.write_str(renderer.render(&groups).trim_end())?;
    match account.output {
        Some(output) => write!(f, "\n\n{}", output.trim_end()),
        None => Ok(()),
    }
}

/// The report of one failure.
struct Part {
    code: String,
    message: String,
    place: Option<Place>,
    notes: Vec<String>,
    help: Option<String>,
}

/// A place in the source.
struct Place {
    file: String,
    line: u32,
    column: u32,
    source: Option<String>,
}

impl Part {
    fn of(failure: &Failure) -> Self {
        let account = failure.account();
        let mut part = Part {
            code: text::name(failure.code()),
            message: account.message,
            place: None,
            notes: account.notes,
            help: account.help.map(Into::into),
        };
        // An error that the plugin returned is shown without context.
        if !matches!(failure.kind(), FailureKind::Plugin(_)) {
            part.surround(failure);
        }
        part
    }

    /// Adds the context.
    fn surround(&mut self, failure: &Failure) {
        let context = &failure.0.context;
        let symbols = context.backtrace.symbols.as_deref();
        let frames = failure.backtrace();
        self.place = place(failure.panic(), frames, symbols);
        if let Some(panic) = failure.panic().filter(|panic| panic.line > 0)
            && let Some(place) = &self.place
            && (shown(&panic.file, symbols), panic.line) != (place.file.clone(), place.line)
        {
            let file = shown(&panic.file, symbols);
            let (line, column) = (panic.line, panic.column);
            self.notes
                .push(format!("the panic itself is at {file}:{line}:{column}"));
        }
        self.notes
            .extend(stack(frames, self.place.as_ref(), symbols));
        let has_place =
            |panic: &Panic| panic.line > 0 && !symbols::is_of_standard_library(&panic.file);
        if context.backtrace.is_unknown && !failure.panic().is_some_and(has_place) {
            self.notes.push(NO_STACK.to_owned());
        }
        self.notes.extend(host_calls(failure.host_calls()));
        self.notes.extend(logs(failure.logs()));
        self.notes.extend(failure.usage().map(used));
    }

    fn group(&self, first: bool) -> Group<'_> {
        let title = match first {
            true => Level::ERROR.primary_title(&self.message),
            false => Level::NOTE.secondary_title(&self.message),
        };
        let mut group = Group::with_title(title.id(&self.code));
        if let Some(place) = &self.place {
            group = place.add_to(group);
        }
        for note in &self.notes {
            group = group.element(Level::NOTE.message(note));
        }
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help));
        }
        group
    }
}

impl Place {
    fn add_to<'a>(&'a self, group: Group<'a>) -> Group<'a> {
        if let Some(source) = &self.source
            && let Some(span) = marked(source, self.column)
        {
            return group.element(
                Snippet::source(source)
                    .path(&self.file)
                    .line_start(self.line as usize)
                    .annotation(AnnotationKind::Primary.span(span)),
            );
        }
        group.element(
            Origin::path(&self.file)
                .line(self.line as usize)
                .char_column(self.column as usize),
        )
    }
}

/// Returns the bytes to mark in a line: from a column, counted in characters from 1, to the line's
/// end, without characters that only end a statement or begin a block.
fn marked(line: &str, column: u32) -> Option<std::ops::Range<usize>> {
    let (start, _) = line
        .char_indices()
        .nth(usize::try_from(column).ok()?.checked_sub(1)?)?;
    let rest = line.get(start..)?;
    let end = start + rest.trim_end_matches([' ', '\t', ';', ',', '{']).len();
    (start < end).then_some(start..end)
}

/// Returns the first place whose source can be read, or else the first place. A panic's own place
/// precedes those of the stack, unless it is in the standard library.
fn place(panic: Option<&Panic>, frames: &[Frame], symbols: Option<&Symbols>) -> Option<Place> {
    let of_panic = panic
        .filter(|panic| panic.line > 0)
        .map(|panic| (panic.file.as_str(), panic.line, panic.column));
    let of_frames = frames.iter().filter_map(|frame| {
        Some((
            frame.file.as_deref()?,
            frame.line?,
            frame.column.unwrap_or(1),
        ))
    });
    let (of_library, of_plugin) = match of_panic {
        Some((file, ..)) if symbols::is_of_standard_library(file) => (of_panic, None),
        _ => (None, of_panic),
    };
    let candidates: Vec<_> = of_plugin
        .into_iter()
        .chain(of_frames.take(MAX_TRIED))
        .chain(of_library)
        .collect();
    let new = |(file, line, column), source| Place {
        file: shown(file, symbols),
        line,
        column,
        source,
    };
    let read = candidates.iter().find_map(|&(file, line, column)| {
        let source = symbols?.source_line(file, line)?;
        Some(new((file, line, column), Some(source)))
    });
    read.or_else(|| candidates.first().map(|first| new(*first, None)))
}

fn shown(file: &str, symbols: Option<&Symbols>) -> String {
    let short = symbols.map_or_else(|| symbols::short(file), |symbols| symbols.shown(file));
    text::one_line(short, MAX_FILE)
}

/// Formats the stack, unless it only repeats the rest of the report.
fn stack(frames: &[Frame], place: Option<&Place>, symbols: Option<&Symbols>) -> Option<String> {
    let placed = |frame: &Frame| match (&frame.file, frame.line, frame.column) {
        (Some(file), Some(line), column) => Some((shown(file, symbols), line, column.unwrap_or(1))),
        _ => None,
    };
    let lack = symbols.and_then(Symbols::lack);
    let says_nothing = match frames {
        [] => true,
        [only] => match placed(only) {
            // A function's name says more than its export's. A missing name can be fixed.
            None => !is_path(only) && lack.is_none(),
            Some((file, line, _)) => {
                place.is_some_and(|place| place.file == file && place.line == line)
            }
        },
        _ => false,
    };
    if says_nothing {
        return None;
    }
    let nameless = |frame: &Frame| frame.file.is_none() && !is_path(frame);
    if frames.iter().all(nameless) {
        let offsets: Vec<String> = frames
            .iter()
            .filter_map(|frame| Some(format!("{:#x}", frame.module_offset?)))
            .take(MAX_SHOWN_FRAMES)
            .collect();
        let mut note = format!(
            "the stack has no names; as offsets in the module, innermost first: {}",
            offsets.join(", ")
        );
        if let Some(lack) = lack {
            note.push_str(&format!("\n{lack}"));
        }
        return Some(note);
    }
    let mut note = "the stack, innermost first:".to_owned();
    let mut rest = frames;
    let mut number = 0;
    while let [frame, others @ ..] = rest
        && number < MAX_SHOWN_FRAMES
    {
        let again = others.iter().take_while(|other| *other == frame).count();
        note.push_str(&format!("\n{number:>2}: {}", name(frame)));
        if let Some((file, line, column)) = placed(frame) {
            note.push_str(&format!(" at {file}:{line}:{column}"));
        }
        if again > 0 {
            note.push_str(&format!(" (and {again} times more)"));
        }
        rest = others.split_at(again).1;
        number += 1;
    }
    if !rest.is_empty() {
        note.push_str(&format!("\n    … and {} more", rest.len()));
    }
    Some(note)
}

/// Returns whether a frame has a fuller name than its export.
fn is_path(frame: &Frame) -> bool {
    frame
        .function
        .as_deref()
        .is_some_and(|name| name.contains("::"))
}

fn name(frame: &Frame) -> String {
    match (&frame.function, frame.module_offset) {
        (Some(function), _) => function.clone(),
        (None, Some(offset)) => format!("function {} at offset {offset:#x}", frame.function_index),
        (None, None) => format!("function {}", frame.function_index),
    }
}

fn host_calls(calls: &[HostCall]) -> Option<String> {
    if calls.is_empty() {
        return None;
    }
    let mut note = "the last calls to the host, latest last:".to_owned();
    for call in calls {
        let outcome = match &call.outcome {
            None => "did not return".to_owned(),
            Some(Ok(value)) if value.is_empty() => "returned".to_owned(),
            Some(Ok(value)) => value.clone(),
            Some(Err(error)) => format!("error: {error}"),
        };
        let arguments = call.arguments.join(", ");
        note.push_str(&format!("\n{}({arguments}) → {outcome}", call.function));
        if let Some(duration) = call.duration {
            note.push_str(&format!(", after {duration:?}"));
        }
    }
    Some(note)
}

fn logs(lines: &[LogLine]) -> Option<String> {
    if lines.is_empty() {
        return None;
    }
    let mut note = "the last lines of the log, latest last:".to_owned();
    for line in lines {
        let LogLine {
            level,
            target,
            message,
        } = line;
        note.push_str(&format!("\n{level:<5} {target}: {message}"));
    }
    Some(note)
}

fn used(usage: &Usage) -> String {
    let memory = usage.memory_bytes;
    let mut note = format!(
        "used {} of {} of memory",
        Size(memory.used),
        Size(memory.limit)
    );
    if let Some(fuel) = usage.fuel {
        let limit = match fuel.limit {
            Limits::PLENTY_OF_FUEL.. => String::new(),
            limit => format!(" of {limit}"),
        };
        note.push_str(&format!(", {}{limit} fuel", fuel.used));
    }
    if let Some(time) = usage.time {
        note.push_str(&format!(", {} of {:?}", Time(time.used), time.limit));
    }
    note
}

/// A number of bytes in a readable unit.
struct Size(u64);

impl Display for Size {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        const KIB: u64 = 1 << 10;
        const MIB: u64 = 1 << 20;
        match self.0 {
            bytes if bytes < KIB => write!(f, "{bytes} bytes"),
            bytes if bytes < MIB => write!(f, "{} KiB", bytes / KIB),
            bytes if bytes % MIB == 0 => write!(f, "{} MiB", bytes / MIB),
            bytes => write!(f, "{:.1} MiB", bytes as f64 / MIB as f64),
        }
    }
}

/// A time measured in ticks.
struct Time(Duration);

impl Display for Time {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Duration::ZERO => f.write_str("less than 10ms"),
            time => write!(f, "{time:?}"),
        }
    }
}
