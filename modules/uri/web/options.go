package web

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// Options are the parameters about HTTP that modules share.
type Options struct {
	Password      string            `json:"url_password" aliases:"password" secret:"true" help:"the password for it"`
	Eager         bool              `json:"force_basic_auth" default:"no" help:"send name and password at once, and not only when the server asks for them"`
	Headers       map[string]string `json:"headers" help:"further headers"`
	Unredirected  []string          `json:"unredirected_headers" default:"" help:"names of headers that are not sent to where a redirect leads"`
	Agent         string            `json:"http_agent" default:"ansible-httpget" help:"what to call oneself (User-Agent)"`
	ValidateCerts bool              `json:"validate_certs" default:"yes" help:"refuse a certificate that is not valid"`
	ClientCert    string            `json:"client_cert" type:"path" help:"file on the host with the certificate to show, and its key where client_key does not name another (PEM)"`
	ClientKey     string            `json:"client_key" type:"path" help:"file on the host with its key (PEM)"`
	Decompress    bool              `json:"decompress" default:"yes" help:"unpack what the server sends in gzip"`
	UseProxy      *bool             `json:"use_proxy" help:"must be no where it is given: the host connects straight to the server"`
}

// Refused are Ansible's parameters about HTTP that there are not.
func Refused() map[string]string {
	all := map[string]string{
		"ciphers":    "TLS is negotiated as Go does it; take it out",
		"use_gssapi": "Kerberos is not spoken; use curl --negotiate with the module command",
		"use_netrc":  "~/.netrc is not read; take it out",
	}
	for name, instead := range modules.RefusedFileParameters {
		all[name] = instead
	}
	return all
}

// Check refuses what can never be asked.
func (o *Options) Check(address string) error {
	if o.UseProxy != nil && *o.UseProxy {
		return modules.Invalid("use_proxy: yes is not supported: the host connects straight to the server")
	}
	at, err := url.Parse(address)
	if err != nil || at.Scheme != "" && at.Scheme != "http" && at.Scheme != "https" {
		return modules.Invalid("url is %q, and must be like https://example.com/file", address)
	}
	return nil
}

// Request makes a request of the parameters. Its certificates are read on the host.
func (o *Options) Request(ctx context.Context, host modules.ManagedHost, authority string) (Request, error) {
	r := Request{Password: o.Password, Eager: o.Eager, Unredirected: o.Unredirected, Decompress: o.Decompress, Header: http.Header{}}
	r.Header.Set("User-Agent", o.Agent)
	r.Header.Set("Accept-Encoding", "identity")
	for name, value := range o.Headers {
		r.Header.Set(name, value)
	}
	r.TLS = &tls.Config{InsecureSkipVerify: !o.ValidateCerts}
	return r, errors.Join(o.trust(ctx, host, authority, r.TLS), o.show(ctx, host, r.TLS))
}

// trust adds an authority of the host to those that the controller trusts.
func (o *Options) trust(ctx context.Context, host modules.ManagedHost, authority string, to *tls.Config) error {
	if authority == "" {
		return nil
	}
	pem, err := ReadOnHost(ctx, host, authority)
	if err != nil {
		return err
	}
	if to.RootCAs, err = x509.SystemCertPool(); err != nil {
		to.RootCAs = x509.NewCertPool()
	}
	if !to.RootCAs.AppendCertsFromPEM(pem) {
		return fmt.Errorf("ca_path: %s has no certificate (PEM)", authority)
	}
	return nil
}

// show has the certificate of the host shown to servers that ask for one.
func (o *Options) show(ctx context.Context, host modules.ManagedHost, to *tls.Config) error {
	if o.ClientCert == "" {
		return nil
	}
	chain, err := ReadOnHost(ctx, host, o.ClientCert)
	if err != nil {
		return err
	}
	key := chain
	if o.ClientKey != "" {
		if key, err = ReadOnHost(ctx, host, o.ClientKey); err != nil {
			return err
		}
	}
	pair, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return fmt.Errorf("client_cert %s: %w", o.ClientCert, err)
	}
	to.Certificates = []tls.Certificate{pair}
	return nil
}

// ReadOnHost gives the content of a file on the host, of 16 MB at most.
func ReadOnHost(ctx context.Context, host modules.ManagedHost, file string) ([]byte, error) {
	data, err := Call(ctx, host, "slurp", "src", values.String(file))
	if err != nil {
		return nil, err
	}
	encoded, _ := data.Get("content")
	return base64.StdEncoding.DecodeString(values.Text(encoded))
}

// Call has a module run on the host, which must not fail.
func Call(ctx context.Context, host modules.ManagedHost, module string, pairs ...any) (values.Value, error) {
	reply, err := host.Call(ctx, module, values.MapOf(pairs...))
	if err == nil && reply.Failed {
		err = errors.New(reply.Msg)
	}
	return reply.Data, err
}

// Stat asks the host for a file; a null where there is none.
func Stat(ctx context.Context, host modules.ManagedHost, file string, more ...any) (values.Value, error) {
	args := append([]any{"path", values.String(file), "follow", values.True, "get_mime", values.False, "get_attributes", values.False}, more...)
	data, err := Call(ctx, host, "stat", args...)
	if err != nil {
		return values.Null, err
	}
	about, _ := data.Get("stat")
	if exists, _ := about.Get("exists"); !exists.Truthy() {
		return values.Null, nil
	}
	return about, nil
}

// Owned adds mode, owner and group, where they are given, to the arguments of a call.
func Owned(o modules.Ownership, pairs ...any) []any {
	if o.Mode.Given() {
		pairs = append(pairs, "mode", values.String(string(o.Mode)))
	}
	if o.Owner != "" {
		pairs = append(pairs, "owner", values.String(o.Owner))
	}
	if o.Group != "" {
		pairs = append(pairs, "group", values.String(o.Group))
	}
	return pairs
}
