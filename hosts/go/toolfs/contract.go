package toolfs

import (
	"encoding/json"
	"errors"
	"fmt"

	"plugin-sdk/hosts/guest"
)

// ToolFSPlugin is the interface of ToolFS's plugins, as ToolFS declares it.
//
//nolint:revive // The name is ToolFS's own.
type ToolFSPlugin interface {
	// Name returns the name of the plugin, unique in a registry.
	Name() string
	// Version returns the version of the plugin.
	Version() string
	// Init gives the plugin its configuration.
	Init(config map[string]any) error
	// Execute takes a PluginRequest in JSON and returns a PluginResponse in JSON.
	Execute(input []byte) ([]byte, error)
}

// PluginRequest is a request to a plugin.
type PluginRequest struct {
	Operation string         `json:"operation"`
	Path      string         `json:"path,omitempty"`
	Data      map[string]any `json:"data,omitempty"`
	Options   map[string]any `json:"options,omitempty"`
}

// PluginResponse is a plugin's response. ToolFS decodes the result into an interface, which rounds
// integers beyond 2^53; here it stays as the plugin wrote it.
type PluginResponse struct {
	Success  bool            `json:"success"`
	Result   json.RawMessage `json:"result,omitempty"`
	Error    string          `json:"error,omitempty"`
	Metadata json.RawMessage `json:"metadata,omitempty"`
}

// ParseResponse decodes a response. A response that ToolFS could misread is ErrResponse.
func ParseResponse(output []byte) (*PluginResponse, error) {
	var response struct {
		PluginResponse
		Success *bool `json:"success"`
	}
	if err := json.Unmarshal(output, &response); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrResponse, err)
	}
	if response.Success == nil {
		return nil, fmt.Errorf("%w: it has no `success`", ErrResponse)
	}
	response.PluginResponse.Success = *response.Success
	if *response.Success == (response.Error != "") {
		return nil, fmt.Errorf("%w: a failure has an `error`, and a success has none", ErrResponse)
	}
	return &response.PluginResponse, nil
}

// Decode stores the result in the value that target points to, or returns the plugin's error as an
// *OperationError. The result null, which plugins leave out, is JSON's null.
func (r *PluginResponse) Decode(target any) error {
	if !r.Success {
		return newOperationError(r)
	}
	result := r.Result
	if len(result) == 0 {
		result = json.RawMessage("null")
	}
	if err := json.Unmarshal(result, target); err != nil {
		return fmt.Errorf("%w: the result: %w", ErrResponse, err)
	}
	return nil
}

// An OperationError is an error that a plugin returned. The instance lives on.
type OperationError struct {
	// Code is a stable word, such as not_found; failed if the plugin has none for the error.
	Code    string          `json:"code"`
	Message string          `json:"-"`
	Details json.RawMessage `json:"details,omitempty"`
	// Source has the causes, outermost first.
	Source []string `json:"source,omitempty"`
}

func newOperationError(response *PluginResponse) *OperationError {
	failed := &OperationError{}
	if len(response.Metadata) > 0 {
		// Metadata that are not those of the SDK's errors are no reason to lose the message.
		if json.Unmarshal(response.Metadata, failed) != nil {
			*failed = OperationError{}
		}
	}
	if failed.Code == "" {
		failed.Code = "failed"
	}
	failed.Code = guest.Printable(failed.Code, maxName)
	failed.Message = guest.Printable(response.Error, maxMessage)
	return failed
}

// Error returns the message and the code.
func (e *OperationError) Error() string {
	return fmt.Sprintf("%s (%s)", e.Message, e.Code)
}

const (
	// maxName is the longest name, version or code of a plugin, in bytes.
	maxName = 200
	// maxMessage is the longest message of a plugin that is kept, in bytes.
	maxMessage = 16 << 10
)

// Errors of this package, in addition to those of package guest. Use errors.Is.
var (
	// ErrContract means that a plugin broke a rule of docs/hosts/toolfs.md.
	ErrContract = errors.New("the plugin breaks the contract of ToolFS")
	// ErrResponse means that a plugin's response is not a PluginResponse.
	ErrResponse = errors.New("the response is not one of ToolFS")
	// ErrNotInitialized means that Execute was called before Init succeeded.
	ErrNotInitialized = errors.New("the plugin is not initialised; call Init first")
	// ErrDuplicate means that a registry has another plugin of the same name.
	ErrDuplicate = errors.New("a plugin of this name is already registered")
	// ErrReserved means that a plugin has the name of one that ToolFS itself registers.
	ErrReserved = errors.New("ToolFS itself has a plugin of this name")
	// ErrNotFound means that a registry has no plugin of the name.
	ErrNotFound = errors.New("there is no plugin of this name")
)
