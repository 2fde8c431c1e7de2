package web

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
)

// unreached are the causes of a connection that did not come about, as the operating system
// words them on the host, and as Python does.
var unreached = []struct{ said, python string }{
	{"connection refused", "[Errno 111] Connection refused"},
	{"there is no host", "[Errno -2] Name or service not known"},
	{"no such host", "[Errno -2] Name or service not known"},
	{"no route to host", "[Errno 113] No route to host"},
	{"network is unreachable", "[Errno 101] Network is unreachable"},
	{"connection reset", "[Errno 104] Connection reset by peer"},
	{"no such file", "[Errno 2] No such file or directory"},
	{"i/o timeout", "timed out"},
	{context.DeadlineExceeded.Error(), "timed out"},
}

// reason gives an error in the words that playbooks look for.
func (r Request) reason(err error, at *url.URL) error {
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	if untrusted, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return modules.Fail("Failed to validate the SSL certificate for %s: %w. Give ca_path a file with the authority's certificate, or validate_certs: no if the way there can be trusted", at.Host, untrusted.Err)
	}
	if missed, ok := errors.AsType[*dialError](err); ok {
		for _, cause := range unreached {
			if strings.Contains(missed.Error(), cause.said) {
				return modules.Fail("Request failed: <urlopen error %s>", cause.python)
			}
		}
	}
	if late, ok := errors.AsType[net.Error](err); ok && late.Timeout() {
		return modules.Fail("Connection failure: timed out")
	}
	return modules.Fail("Request failed: <urlopen error %s>", fmt.Sprint(err))
}
