package guest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// A Function is a function of a module: one that it imports, or one that it exports.
type Function struct {
	// Module is the module that it is imported from; empty for an export.
	Module, Name    string
	Params, Results []api.ValueType
	// Optional exports may be missing.
	Optional bool
}

// Fits reports whether a function has the same parameters and results.
func (f Function) Fits(other Function) bool {
	return slices.Equal(f.Params, other.Params) && slices.Equal(f.Results, other.Results)
}

// Type returns the function's type in words, such as (i32, i32) -> i64.
func (f Function) Type() string {
	names := func(types []api.ValueType) string {
		words := make([]string, len(types))
		for nth, value := range types {
			words[nth] = api.ValueTypeName(value)
		}
		return strings.Join(words, ", ")
	}
	text := "(" + names(f.Params) + ")"
	if len(f.Results) > 0 {
		text += " -> " + names(f.Results)
	}
	return text
}

// Options describe a contract to New.
type Options struct {
	Limits Limits
	// Cache keeps compiled modules, for hosts that load a module more than once.
	Cache wazero.CompilationCache
	// Exports are the functions that the host calls.
	Exports []Function
	// Bind returns the implementation of each import, in the order of the imports. An error means
	// that the module cannot be linked.
	Bind func(imports []Function) ([]api.GoModuleFunction, error)
}

// An Instance is a running module. It serves one call at a time; its user ensures that.
type Instance struct {
	runtime wazero.Runtime
	module  api.Module
	limits  Limits
	// ended is the reason for which no further call is made.
	ended error
}

// New compiles a module, links it and instantiates it. The start section, if there is one, runs
// under the timeout.
//
// It returns ErrTooLarge, ErrModule, ErrImport, ErrExport, or the error of the start section.
func New(ctx context.Context, wasm []byte, options Options) (*Instance, error) {
	limits := options.Limits.WithDefaults()
	if len(wasm) > limits.ModuleBytes {
		return nil, fmt.Errorf("a module of %d bytes, of at most %d: %w", len(wasm), limits.ModuleBytes, ErrTooLarge)
	}
	config := wazero.NewRuntimeConfig().
		WithCloseOnContextDone(true).
		WithMemoryLimitPages(limits.MemoryPages)
	if options.Cache != nil {
		config = config.WithCompilationCache(options.Cache)
	}
	instance := &Instance{runtime: wazero.NewRuntimeWithConfig(ctx, config), limits: limits}
	if err := instance.start(ctx, wasm, options); err != nil {
		// The first error is the one that matters.
		_ = instance.runtime.Close(context.WithoutCancel(ctx))
		return nil, err
	}
	return instance, nil
}

func (i *Instance) start(ctx context.Context, wasm []byte, options Options) error {
	compiled, err := i.runtime.CompileModule(ctx, wasm)
	if err != nil {
		return fmt.Errorf("%w: %s", ErrModule, firstLine(err.Error()))
	}
	if err := checkExports(compiled, options.Exports); err != nil {
		return err
	}
	if err := i.link(ctx, compiled, options.Bind); err != nil {
		return err
	}
	ctx, cancel := i.Begin(ctx)
	defer cancel()
	// Start functions by name, such as WASI's, are no part of any contract here.
	module, err := i.runtime.InstantiateModule(ctx, compiled, wazero.NewModuleConfig().WithName("").WithStartFunctions())
	if err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("starting the module: %w", ErrTimeout)
		}
		return fmt.Errorf("%w: %s", ErrModule, firstLine(err.Error()))
	}
	if module.Memory() == nil {
		return fmt.Errorf("memory: %w", ErrExport)
	}
	i.module = module
	return nil
}

func checkExports(compiled wazero.CompiledModule, wanted []Function) error {
	if _, found := compiled.ExportedMemories()["memory"]; !found {
		return fmt.Errorf("memory: %w", ErrExport)
	}
	exports := compiled.ExportedFunctions()
	for _, export := range wanted {
		definition, found := exports[export.Name]
		if !found {
			if export.Optional {
				continue
			}
			return fmt.Errorf("%s %s: %w", export.Name, export.Type(), ErrExport)
		}
		actual := Function{Params: definition.ParamTypes(), Results: definition.ResultTypes()}
		if !actual.Fits(export) {
			return fmt.Errorf("%s is %s instead of %s: %w", export.Name, actual.Type(), export.Type(), ErrExport)
		}
	}
	return nil
}

// link gives every import its implementation.
func (i *Instance) link(ctx context.Context, compiled wazero.CompiledModule, bind func([]Function) ([]api.GoModuleFunction, error)) error {
	if len(compiled.ImportedMemories()) > 0 {
		return fmt.Errorf("a memory: %w", ErrImport)
	}
	var imports []Function
	for _, definition := range compiled.ImportedFunctions() {
		module, name, _ := definition.Import()
		imports = append(imports, Function{
			Module: module, Name: name,
			Params: definition.ParamTypes(), Results: definition.ResultTypes(),
		})
	}
	implementations, err := bind(imports)
	if err != nil {
		return err
	}
	builders := make(map[string]wazero.HostModuleBuilder)
	known := make(map[string]Function)
	for nth, imported := range imports {
		name := imported.Module + "." + imported.Name
		if other, found := known[name]; found && !other.Fits(imported) {
			return fmt.Errorf("%s is imported with two types: %w", Printable(name, maxName), ErrImport)
		}
		known[name] = imported
		builder, found := builders[imported.Module]
		if !found {
			builder = i.runtime.NewHostModuleBuilder(imported.Module)
			builders[imported.Module] = builder
		}
		builder.NewFunctionBuilder().
			WithGoModuleFunction(implementations[nth], imported.Params, imported.Results).
			Export(imported.Name)
	}
	for module, builder := range builders {
		if _, err := builder.Instantiate(ctx); err != nil {
			return fmt.Errorf("%s: %w: %w", Printable(module, maxName), ErrImport, err)
		}
	}
	return nil
}

// maxName is the longest name of a guest's that is shown, in bytes.
const maxName = 100

// Module returns the running module, for Allocator.
func (i *Instance) Module() api.Module {
	return i.module
}

// Memory returns the guest's memory.
func (i *Instance) Memory() api.Memory {
	return i.module.Memory()
}

// Limits returns the limits, with their defaults.
func (i *Instance) Limits() Limits {
	return i.limits
}

// Export returns the type of an exported function, and whether there is one.
func (i *Instance) Export(name string) (Function, bool) {
	definition, found := i.module.ExportedFunctionDefinitions()[name]
	if !found {
		return Function{}, false
	}
	return Function{Name: name, Params: definition.ParamTypes(), Results: definition.ResultTypes()}, true
}

// Err returns the reason for which the instance takes no calls, or nil.
func (i *Instance) Err() error {
	return i.ended
}

// Begin starts an operation, which may consist of several calls, and returns its context.
func (i *Instance) Begin(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, i.limits.Timeout)
}

// Call calls an export and returns its result, 0 if it has none.
//
// It returns ErrDead or ErrClosed if the instance takes no calls, and ErrTimeout or a *Trap if the
// call ends it.
func (i *Instance) Call(ctx context.Context, export string, params ...uint64) (uint64, error) {
	var result uint64
	err := i.run(export, func(module api.Module) (err error) {
		result, err = call(ctx, module, export, params...)
		return err
	})
	return result, err
}

// Put is Allocator.Put as an operation of the host.
func (i *Instance) Put(ctx context.Context, allocator Allocator, contents []byte) (Block, error) {
	if len(contents) > i.limits.InputBytes {
		return Block{}, fmt.Errorf("an input of %d bytes, of at most %d: %w", len(contents), i.limits.InputBytes, ErrTooLarge)
	}
	var block Block
	err := i.run(allocator.Alloc, func(module api.Module) (err error) {
		block, err = allocator.Put(ctx, module, contents)
		return err
	})
	return block, err
}

// Get is Allocator.Get as an operation of the host.
func (i *Instance) Get(ctx context.Context, allocator Allocator, length uint64) (Block, error) {
	var block Block
	err := i.run(allocator.Alloc, func(module api.Module) (err error) {
		block, err = allocator.Get(ctx, module, length)
		return err
	})
	return block, err
}

// Release is Allocator.Release as an operation of the host. Blocks of a dead instance need none.
func (i *Instance) Release(ctx context.Context, allocator Allocator, block Block) error {
	err := i.run(allocator.Free, func(module api.Module) error {
		return allocator.Release(ctx, module, block)
	})
	if errors.Is(err, ErrDead) || errors.Is(err, ErrClosed) {
		return nil
	}
	return err
}

// run makes calls of one operation, and ends the instance if the guest traps or takes too long.
// Other errors are about what the guest returned, and the instance lives on.
func (i *Instance) run(export string, calls func(api.Module) error) error {
	if i.ended != nil {
		return i.ended
	}
	err := calls(i.module)
	var broken *brokenCall
	if !errors.As(err, &broken) {
		return err
	}
	i.ended = ErrDead
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s, limited to %s: %w", export, i.limits.Timeout, ErrTimeout)
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%s: %w", export, context.Canceled)
	}
	return &Trap{Export: export, Panic: readPanic(i.module), Cause: broken.cause}
}

// A brokenCall is the error of a call that did not return.
type brokenCall struct{ cause error }

func (b *brokenCall) Error() string { return b.cause.Error() }
func (b *brokenCall) Unwrap() error { return b.cause }

// call calls an export, and returns its result, 0 if it has none.
func call(ctx context.Context, module api.Module, export string, params ...uint64) (uint64, error) {
	function := module.ExportedFunction(export)
	if function == nil {
		return 0, fmt.Errorf("%s: %w", export, ErrExport)
	}
	results, err := function.Call(ctx, params...)
	if err != nil {
		return 0, &brokenCall{cause: err}
	}
	if len(results) == 0 {
		return 0, nil
	}
	return results[0], nil
}

// ReadPacked copies a packed result.
func (i *Instance) ReadPacked(packed uint64) ([]byte, error) {
	address, length := Unpack(packed)
	if uint64(length) > uint64(i.limits.OutputBytes) {
		return nil, fmt.Errorf("a result of %d bytes, of at most %d: %w", length, i.limits.OutputBytes, ErrTooLarge)
	}
	return Read(i.Memory(), address, length)
}

// Close releases the memory and the code. Further calls return ErrClosed.
func (i *Instance) Close(ctx context.Context) error {
	if errors.Is(i.ended, ErrClosed) {
		return nil
	}
	i.ended = ErrClosed
	return i.runtime.Close(ctx)
}
