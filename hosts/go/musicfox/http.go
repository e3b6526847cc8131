package musicfox

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"plugin-sdk/hosts/guest"
)

// maxResponseBytes is the longest body of a response. The guide reads any.
const maxResponseBytes = 16 << 20

// maxRedirects is the greatest number of redirections that a request follows.
const maxRedirects = 5

// newClient returns a client that reaches the allowed hosts, also by redirections. The guide's
// client reaches every host and has no timeout; here a request ends with the plugin's call.
func newClient(config WASMConfig) *http.Client {
	transport := &allowedHosts{hosts: slices.Clone(config.AllowedHosts), next: http.DefaultTransport}
	return &http.Client{
		Transport: transport,
		Timeout:   config.limits().Timeout,
		CheckRedirect: func(_ *http.Request, via []*http.Request) error {
			if len(via) > maxRedirects {
				return fmt.Errorf("more than %d redirections", maxRedirects)
			}
			return nil
		},
	}
}

// allowedHosts refuses requests to other hosts.
type allowedHosts struct {
	hosts []string
	next  http.RoundTripper
}

// RoundTrip sends a request if its host is allowed.
func (a *allowedHosts) RoundTrip(request *http.Request) (*http.Response, error) {
	url := request.URL
	if !slices.Contains(a.hosts, url.Host) && !slices.Contains(a.hosts, url.Hostname()) {
		return nil, fmt.Errorf("the host %q is not allowed", guest.Printable(url.Host, maxShown))
	}
	return a.next.RoundTrip(request)
}

// HTTPRequest sends a request to an allowed host, and returns the status and the body of the
// response, or -1 and the reason.
func (h *HostInterface) HTTPRequest(method, url, body string) (int32, string) {
	return h.httpRequest(context.Background(), method, url, body)
}

func (h *HostInterface) httpRequest(ctx context.Context, method, url, body string) (int32, string) {
	failed := func(err error) (int32, string) {
		h.logger.Error("HTTP request failed", "error", err)
		return -1, err.Error()
	}
	request, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return failed(err)
	}
	response, err := h.client.Do(request)
	if err != nil {
		return failed(err)
	}
	defer func() { _ = response.Body.Close() }()
	contents, err := io.ReadAll(io.LimitReader(response.Body, maxResponseBytes+1))
	if err == nil && len(contents) > maxResponseBytes {
		err = fmt.Errorf("the response has more than %d bytes: %w", maxResponseBytes, guest.ErrTooLarge)
	}
	if err != nil {
		// The guide returns the status and an empty body, as if the response had none.
		return failed(err)
	}
	return int32(response.StatusCode), string(contents)
}
