// Package fetch brings a file of a host to the controller.
package fetch

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{
	Name: "fetch", Where: modules.OnController, Check: modules.Skip, New: func() modules.Module { return new(Module) },
}

// Module holds the parameters.
type Module struct {
	Src              string `json:"src" help:"the file on the host, at most 16 MB"`
	Dest             string `json:"dest" type:"path" help:"the directory here, where the file goes below the host's name with its whole path; relative to the playbook"`
	Flat             bool   `json:"flat" default:"no" help:"dest is the file itself, or with / at its end the directory that gets it under its own name"`
	FailOnMissing    bool   `json:"fail_on_missing" default:"yes" help:"fail where the file is missing"`
	ValidateChecksum bool   `json:"validate_checksum" default:"yes" help:"make sure that what arrived is what the host has"`

	host modules.ManagedHost
	eval modules.Evaluator
}

// UseHost takes the way to the host.
func (m *Module) UseHost(h modules.ManagedHost) { m.host = h }

// UseEvaluator takes what knows the host's name and the playbook's directory.
func (m *Module) UseEvaluator(e modules.Evaluator) { m.eval = e }

// Validate wants both ends.
func (m *Module) Validate() error {
	if m.Src == "" || m.Dest == "" {
		return modules.Invalid("src and dest are required")
	}
	return nil
}

// Run compares the two files and brings the host's where they differ.
func (m *Module) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	st, err := m.ask(ctx, "stat", "path", values.String(m.Src), "follow", values.True, "get_mime", values.False, "get_attributes", values.False)
	if err != nil {
		return modules.Result{}, err
	}
	about, _ := st.Get("stat")
	if why := unfit(about); why != "" {
		return m.missing(why)
	}
	name, _ := about.Get("path")
	dest, err := m.target(sys, values.Text(name))
	if err != nil {
		return modules.Result{}, err
	}
	want, _ := about.Get("checksum")
	if have, err := modules.Checksum(sys, dest, "sha1"); err == nil && have == values.Text(want) {
		sum, err := modules.Checksum(sys, dest, "md5")
		return modules.Result{Data: modules.Data("md5sum", values.String(sum), "file", values.String(m.Src),
			"dest", values.String(dest), "checksum", want)}, err
	}
	return m.bring(ctx, sys, dest, want)
}

// unfit says why a file cannot be fetched.
func unfit(about values.Value) string {
	exists, _ := about.Get("exists")
	isDir, _ := about.Get("isdir")
	switch {
	case !exists.Truthy():
		return "the remote file does not exist"
	case isDir.Truthy():
		return "remote file is a directory, fetch cannot work on directories"
	}
	return ""
}

func (m *Module) missing(why string) (modules.Result, error) {
	if !m.FailOnMissing || strings.HasSuffix(why, "exist") { // as Ansible words it
		why += ", not transferring, ignored"
	}
	if m.FailOnMissing {
		return modules.Result{}, errors.New(why)
	}
	return modules.Result{Msg: why, Data: modules.Data("file", values.String(m.Src))}, nil
}

// ask has a module run on the host.
func (m *Module) ask(ctx context.Context, module string, pairs ...any) (values.Value, error) {
	reply, err := m.host.Call(ctx, module, values.MapOf(pairs...))
	if err == nil && reply.Failed {
		err = errors.New(reply.Msg)
	}
	return reply.Data, err
}

// target is where the file goes here.
func (m *Module) target(sys modules.System, name string) (string, error) {
	// The host says it, and must not lead anywhere else by "..".
	if name = path.Clean("/" + name); name == "/" {
		return "", fmt.Errorf("the host says that %s has no name", m.Src)
	}
	dest := m.Dest
	dir, err := m.eval.Evaluate("playbook_dir")
	if err != nil {
		return "", err
	}
	if !path.IsAbs(dest) {
		dest = values.Text(dir) + "/" + dest
	}
	if !m.Flat {
		host, err := m.eval.Evaluate("inventory_hostname")
		return path.Join(dest, values.Text(host), name), err
	}
	if strings.HasSuffix(dest, "/") {
		return path.Join(dest, path.Base(name)), nil
	}
	if st, err := sys.Stat(dest); err == nil && st.Mode.IsDir() {
		return "", modules.Fail("dest is an existing directory, use a trailing slash if you want to fetch src into that directory")
	}
	return path.Clean(dest), nil
}

func (m *Module) bring(ctx context.Context, sys modules.System, dest string, want values.Value) (modules.Result, error) {
	data, err := m.ask(ctx, "slurp", "src", values.String(m.Src))
	if err != nil {
		return modules.Result{}, fmt.Errorf("fetch %s: %w", m.Src, err)
	}
	encoded, _ := data.Get("content")
	content, err := base64.StdEncoding.DecodeString(values.Text(encoded))
	if err != nil {
		return modules.Result{}, err
	}
	sha, md := sha1.Sum(content), md5.Sum(content)
	told := modules.Data("md5sum", values.String(hex.EncodeToString(md[:])), "dest", values.String(dest), "remote_md5sum", values.Null,
		"checksum", values.String(hex.EncodeToString(sha[:])), "remote_checksum", want)
	if m.ValidateChecksum && hex.EncodeToString(sha[:]) != values.Text(want) {
		told.Set("file", values.String(m.Src))
		return modules.Result{Data: told}, errors.New("checksum mismatch")
	}
	for _, dir := range modules.MissingDirs(sys, path.Dir(dest)) {
		if err := sys.Mkdir(dir, modules.Attributes{}); err != nil {
			return modules.Result{}, err
		}
	}
	return modules.Result{Data: told}, sys.WriteFile(dest, bytes.NewReader(content), modules.Attributes{})
}
