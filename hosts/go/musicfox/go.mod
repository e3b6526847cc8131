module plugin-sdk/hosts/musicfox

go 1.25.0

require (
	github.com/tetratelabs/wazero v1.12.0
	plugin-sdk/hosts/guest v0.0.0
)

require golang.org/x/sys v0.44.0 // indirect

replace plugin-sdk/hosts/guest => ../guest
