// Package guest runs one WebAssembly module in wazero, and treats everything that the module returns
// as if an attacker had chosen it: addresses and lengths are checked against the memory of that
// moment, texts are bounded and filtered, and a call ends at its deadline.
//
// It knows no contract. The packages toolfs and musicfox add the exports, imports and rules of
// their hosts.
package guest
