//! Estimates the work of compiling a module from its shape.
//!
//! The compiler's time is not proportional to a function's size. It depends on what the function
//! keeps alive: a value for each local in each block that the local lives through, and a block
//! parameter for each local that reaches the block with several values, once for each branch to it.
//! A few thousand bytes can require hundreds of millions of those. They are counted here as the
//! compiler would create them, in one pass and before it starts; what is uncertain counts as if it
//! were created.
//!
//! The unit is about a microsecond of one core of a small machine, for the work beyond the time
//! that any module of the same size takes.

use wasmparser::Operator;

use super::image;
use crate::failure::FailureKind;
use crate::limits::ModuleLimits;
use crate::wasm::Interface;

/// The work for any function.
const FUNCTION: u64 = 100;

/// The work allowed for each byte of a function, and of all functions together, in addition to
/// [`ModuleLimits::compile_work`].
const BYTE: u64 = 6;

/// The number of instructions between two checks of the limit.
const INTERVAL: u32 = 256;

/// The sum of the work for a module.
pub(super) struct Work {
    /// The work of finished functions.
    done: u64,
    now: Function,
}

/// The counts of one function.
#[derive(Default)]
struct Function {
    /// The parameters and locals.
    locals: Vec<Local>,
    frames: Vec<Frame>,
    /// The indices of the frames that are loops.
    loops: Vec<usize>,
    /// The number of instructions so far.
    time: u32,
    /// The number of blocks, as the compiler creates them.
    blocks: u64,
    loop_count: u64,
    /// The sum, over all blocks, of the values that live through each.
    live: u64,
    /// The sum, over all branches, of the values that each passes to its target.
    carried: u64,
    /// The number of parameters and results of blocks.
    block_values: u64,
    /// The number of calls.
    calls: u64,
    /// Any other work, in units.
    other: u64,
}

/// An open block, loop or `if`.
#[derive(Default)]
struct Frame {
    opened: u32,
    /// The time at which the open arm of an `if` began; otherwise the same as `opened`.
    arm: u32,
    is_loop: bool,
    is_if: bool,
    /// The number of blocks when it was opened.
    blocks: u64,
    /// The number of branches to its end or, for a loop, to its beginning.
    branches: u64,
    /// The number of values that each branch passes.
    arity: u64,
    results: u64,
    /// The locals that are set in it.
    set: Vec<u32>,
    /// The locals whose value in a loop may come from before it, or from the previous iteration.
    exposed: Vec<u32>,
}

#[derive(Clone, Copy, Default)]
struct Local {
    set_at: u32,
    /// The frame in which it was set.
    set_in: usize,
    /// The block in which it was last set or read.
    touched: u64,
    /// The time of its last read.
    read_at: u32,
    /// The time of its last read where no single `local.set` determines its value, and the block of
    /// it.
    open_at: u32,
    open_block: u64,
    /// The work of merging its values at the ends of blocks, if it is read once more.
    pending: u64,
}

/// The numbers of parameters and results.
pub(super) type Arity = (u64, u64);

impl Work {
    /// Begins a module: the compiler makes one function of everything that instantiation
    /// initialises.
    pub(super) fn of(interface: &Interface<'_>) -> Self {
        let initial = interface.initial;
        let segments = initial.data_segments;
        let data = match image::is_made(interface) {
            true => segments,
            false => {
                let each = segments.saturating_mul(100);
                each.saturating_add(segments.saturating_mul(segments) / 67)
            }
        };
        let done = data
            .saturating_add(54 * initial.element_segments)
            .saturating_add(7 * initial.elements)
            .saturating_add(70 * interface.globals.len() as u64)
            .saturating_add(3 * initial.bytes);
        Work {
            done,
            now: Function::default(),
        }
    }

    /// Begins a function.
    pub(super) fn begin(&mut self, locals: u64, (params, results): Arity) {
        let function = &mut self.now;
        let count = usize::try_from(locals.saturating_add(params)).unwrap_or(usize::MAX);
        function.locals.resize(count, Local::default());
        function.frames.push(Frame {
            arity: results,
            ..Frame::default()
        });
        function.other = FUNCTION + locals / 10 + params + results;
    }

    /// Counts an instruction. `height` is the number of operands before it, `open` the number of
    /// open blocks after it, including the function's own. `block` is the arity of the block that
    /// it begins, `call` that of the function that it calls.
    pub(super) fn operator(
        &mut self,
        operator: &Operator<'_>,
        height: u32,
        open: u32,
        block: Arity,
        call: Arity,
    ) {
        let function = &mut self.now;
        function.time += 1;
        match operator {
            Operator::Block { .. } | Operator::TryTable { .. } | Operator::Try { .. } => {
                function.open(block, false, false, height);
            }
            Operator::Loop { .. } => function.open(block, true, false, height),
            Operator::If { .. } => function.open(block, false, true, height),
            Operator::Else | Operator::Catch { .. } | Operator::CatchAll => function.next_arm(),
            Operator::Br { relative_depth } | Operator::BrIf { relative_depth } => {
                function.branch(*relative_depth);
                function.block(height);
            }
            Operator::BrTable { targets } => {
                for target in targets.targets().flatten() {
                    function.branch(target);
                    function.other += 5;
                }
                function.branch(targets.default());
                function.block(height);
            }
            Operator::BrOnNull { relative_depth }
            | Operator::BrOnNonNull { relative_depth }
            | Operator::BrOnCast { relative_depth, .. }
            | Operator::BrOnCastFail { relative_depth, .. } => {
                function.branch(*relative_depth);
                function.block(height);
            }
            Operator::LocalGet { local_index } => function.get(*local_index),
            Operator::LocalSet { local_index } | Operator::LocalTee { local_index } => {
                function.set(*local_index);
            }
            Operator::Call { .. } | Operator::ReturnCall { .. } => function.calls += 1,
            // The engine first checks whether the table's element is initialised, and initialises
            // it if not.
            Operator::CallIndirect { .. } | Operator::ReturnCallIndirect { .. } => {
                (0..5).for_each(|_| function.block(height));
            }
            Operator::TableGet { .. } | Operator::TableSet { .. } => {
                (0..3).for_each(|_| function.block(height));
            }
            _ => {}
        }
        function.other += call.0 / 2 + 10 * call.1;
        while function.frames.len() > open.max(1) as usize {
            function.close();
        }
    }

    /// Returns the number of open loops.
    pub(super) fn loops(&self) -> usize {
        self.now.loops.len()
    }

    /// Returns whether the limit is due to be checked.
    pub(super) fn is_due(&self) -> bool {
        self.now.time.is_multiple_of(INTERVAL)
    }

    /// Ends a function.
    pub(super) fn end(&mut self) {
        let ended = std::mem::take(&mut self.now);
        self.done = self.done.saturating_add(ended.total());
        // Reused from one function to the next, so that most functions need no allocation.
        (self.now.locals, self.now.frames, self.now.loops) =
            (ended.locals, ended.frames, ended.loops);
        self.now.locals.clear();
        self.now.frames.clear();
        self.now.loops.clear();
    }

    /// Checks the work for everything that instantiation initialises, for which the size of
    /// functions allows nothing more.
    pub(super) fn check_initial(&self, limits: &ModuleLimits) -> Result<(), FailureKind> {
        within(self.done, limits.compile_work, || {
            format!(
                "takes {} units of work to compile the initial values of memory, tables and globals",
                self.done
            )
        })
    }

    /// Checks the work for the current function, which has so many bytes, and for the module so
    /// far, which has so many bytes of functions.
    pub(super) fn check(
        &self,
        number: u32,
        function_bytes: u64,
        code_bytes: u64,
        limits: &ModuleLimits,
    ) -> Result<(), FailureKind> {
        let allowed = |bytes: u64| {
            let more = BYTE.saturating_mul(bytes);
            limits.compile_work.saturating_add(more)
        };
        let now = self.now.total();
        let all = self.done.saturating_add(now);
        within(now, allowed(function_bytes), || {
            format!("takes more than {now} units of work to compile function {number}")
        })?;
        within(all, allowed(code_bytes), || {
            format!(
                "takes more than {all} units of work to compile, function {number} more than {now} of them"
            )
        })
    }
}

/// Checks work against a limit.
fn within(work: u64, limit: u64, what: impl FnOnce() -> String) -> Result<(), FailureKind> {
    match work <= limit {
        true => Ok(()),
        false => Err(FailureKind::ModuleLimit {
            setting: "compile_work",
            what: what(),
            limit,
        }),
    }
}

impl Function {
    /// Returns the work so far.
    fn total(&self) -> u64 {
        let squared = |count: u64| count.saturating_mul(count);
        self.other
            .saturating_add(squared(self.blocks) / 600)
            .saturating_add(squared(self.loop_count) / 3)
            .saturating_add(squared(self.calls) / 15_000)
            .saturating_add(self.live / 5)
            .saturating_add(self.carried.saturating_mul(10))
            .saturating_add(self.blocks.saturating_mul(self.block_values) / 700)
    }

    /// Begins a block of the compiler, which the operands live through.
    fn block(&mut self, height: u32) {
        self.blocks += 1;
        self.live = self.live.saturating_add(u64::from(height));
    }

    fn open(&mut self, (params, results): Arity, is_loop: bool, is_if: bool, height: u32) {
        self.block(height);
        if is_loop {
            self.loop_count += 1;
            self.loops.push(self.frames.len());
        }
        self.block_values += params + results;
        self.frames.push(Frame {
            opened: self.time,
            arm: self.time,
            is_loop,
            is_if,
            blocks: self.blocks,
            arity: if is_loop { params } else { results },
            results,
            ..Frame::default()
        });
    }

    fn next_arm(&mut self) {
        self.blocks += 1;
        if let Some(frame) = self.frames.last_mut() {
            frame.arm = self.time;
            self.carried = self.carried.saturating_add(frame.results);
        }
    }

    fn branch(&mut self, depth: u32) {
        let at = self.frames.len().checked_sub(1 + depth as usize);
        if let Some(frame) = at.and_then(|at| self.frames.get_mut(at)) {
            frame.branches += 1;
            self.carried = self.carried.saturating_add(frame.arity);
        }
    }

    /// Returns whether a local has the value that it was last given, on every path since.
    fn is_certain(&self, local: &Local) -> bool {
        let frame = self.frames.get(local.set_in);
        frame.is_some_and(|frame| frame.arm <= local.set_at)
    }

    fn get(&mut self, index: u32) {
        let Some(mut local) = self.locals.get(index as usize).copied() else {
            return;
        };
        let since = match self.is_certain(&local) {
            true => {
                self.live = self.live.saturating_add(self.blocks - local.touched);
                local.set_at.max(local.read_at)
            }
            false => {
                self.live = self.live.saturating_add(self.blocks - local.open_block);
                self.carried = self.carried.saturating_add(local.pending);
                let since = local.open_at;
                local.open_block = self.blocks;
                local.open_at = self.time;
                local.pending = 0;
                since
            }
        };
        for at in self.loops.iter().rev() {
            match self.frames.get_mut(*at) {
                Some(frame) if frame.opened > since => frame.exposed.push(index),
                _ => break,
            }
        }
        local.touched = self.blocks;
        local.read_at = self.time;
        self.write(index, local);
    }

    fn set(&mut self, index: u32) {
        let Some(mut local) = self.locals.get(index as usize).copied() else {
            return;
        };
        for frame in self.frames.iter_mut().rev() {
            // Frames that were opened earlier have the local in their own sets.
            if frame.opened <= local.set_at {
                break;
            }
            frame.set.push(index);
            self.other += 1;
        }
        local.set_at = self.time;
        local.set_in = self.frames.len().saturating_sub(1);
        local.touched = self.blocks;
        self.write(index, local);
    }

    fn write(&mut self, index: u32, local: Local) {
        if let Some(place) = self.locals.get_mut(index as usize) {
            *place = local;
        }
    }

    fn close(&mut self) {
        let Some(frame) = self.frames.pop() else {
            return;
        };
        self.blocks += 1;
        if frame.is_loop {
            self.loops.pop();
            self.close_loop(&frame);
        } else if frame.branches > 0 || frame.is_if {
            let ways = frame.branches + 1 + u64::from(frame.is_if);
            self.carried = self.carried.saturating_add(frame.results);
            for index in &frame.set {
                if let Some(local) = self.locals.get_mut(*index as usize) {
                    local.pending = local.pending.saturating_add(ways);
                }
            }
        }
    }

    fn close_loop(&mut self, frame: &Frame) {
        let through = self.blocks - frame.blocks;
        let exposed = frame.exposed.len() as u64;
        self.live = self.live.saturating_add(exposed.saturating_mul(through));
        let mut changing = 0;
        for index in &frame.exposed {
            if let Some(local) = self.locals.get_mut(*index as usize) {
                self.carried = self.carried.saturating_add(local.pending);
                local.pending = 0;
                changing += u64::from(local.set_at >= frame.opened);
            }
        }
        // All of them are alive at once: the more there are, the longer it takes to place each.
        let each = (frame.branches + 1).saturating_mul(changing);
        self.carried = self
            .carried
            .saturating_add(each)
            .saturating_add(each.saturating_mul(changing) / 500);
    }
}
