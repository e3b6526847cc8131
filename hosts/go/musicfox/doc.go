// Package musicfox is the host of go-musicfox v2's guide to WebAssembly plugins, on wazero: a
// WASMRuntime for each plugin, with the names, the ten exports and the three imports of the guide,
// and a Manager of plugins in folders. It runs the modules that follow docs/hosts/musicfox.md, such
// as those that `cargo plugin build --host musicfox` makes.
//
// The guide's own code has mistakes that crash the player, lose audio, or let a plugin out of its
// sandbox. They are avoided here, and each is named where it would be, after the words "The guide".
//
// The guide's configuration has three members that this package leaves out: MaxTableSize and
// MaxInstances, because wazero has no limit of tables and a runtime is one instance, and
// EnableWASI, which the guide reads nowhere: a plugin gets no functions but the host's.
package musicfox
