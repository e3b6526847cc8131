// Package toolfs loads WebAssembly plugins into ToolFS, a file system for the tools of language
// models. ToolFS defines the interface of its plugins, ToolFSPlugin, and leaves loading to the
// program that embeds it: this package is a loader on wazero for modules that follow
// docs/hosts/toolfs.md, such as those that `cargo plugin build --host toolfs` makes.
//
// Its names are those of ToolFS's own library, so that a Plugin can be injected into ToolFS's
// PluginManager, and a Loader can serve as its WASMPluginLoader by a wrapper of a few lines. It
// differs from ToolFS's library where that does harm; each difference is named at its place.
package toolfs
