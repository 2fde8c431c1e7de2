package executor

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/variables"
)

// inlineLimit is up to which size content travels inside the call.
const inlineLimit = 16 << 10

// contents are the files of the controller that calls of this run name. Each is hashed
// once for as long as it does not change.
type contents struct {
	decrypt func(path string) (data []byte, secret bool, err error)
	// sent hears of files, see Request.
	sent   func(path, sha256 string, modified time.Time)
	mu     sync.Mutex
	hashes map[fileState]modules.Blob
	files  map[string]string // sha256 -> path
	bytes  map[string][]byte // sha256 -> what was rendered
}

// fileState tells a file from what it was before it changed.
type fileState struct {
	path     string
	how      reading
	size     int64
	modified time.Time
}

// reading says what is sent of files that vault encrypted, and of links.
type reading int

const (
	decrypted reading = 0
	asItIs    reading = 1
	// following sends what links in a tree point to, instead of the links.
	following reading = 2
)

// newContents makes contents whose encrypted files decrypt reads, and whose others sent hears of.
func newContents(decrypt func(path string) (data []byte, secret bool, err error), sent func(path, sha256 string, modified time.Time)) *contents {
	return &contents{decrypt: decrypt, sent: sent, hashes: map[fileState]modules.Blob{}, files: map[string]string{}, bytes: map[string][]byte{}}
}

// Open gives the bytes of a blob, as transport.Content wants it.
func (c *contents) Open(sha string) (io.ReadSeekCloser, error) {
	c.mu.Lock()
	data, rendered := c.bytes[sha]
	path, known := c.files[sha]
	c.mu.Unlock()
	switch {
	case rendered:
		return closable{bytes.NewReader(data)}, nil
	case known:
		return os.Open(path)
	}
	return nil, fmt.Errorf("no file of this run has the sha256 %s", sha)
}

type closable struct{ *bytes.Reader }

func (closable) Close() error { return nil }

// file makes the blob of a file on disk.
func (c *contents) file(path, name string, how reading) (modules.Blob, error) {
	info, err := os.Stat(path)
	if err != nil {
		return modules.Blob{}, err
	}
	state := fileState{path, how, info.Size(), info.ModTime()}
	c.mu.Lock()
	blob, known := c.hashes[state]
	c.mu.Unlock()
	if !known {
		if blob, err = c.read(path, info, how); err != nil {
			return modules.Blob{}, err
		}
		c.mu.Lock()
		c.hashes[state] = blob
		c.mu.Unlock()
	}
	blob.Name = name
	return blob, nil
}

// read makes the blob of a file that was not read yet.
func (c *contents) read(path string, info fs.FileInfo, how reading) (modules.Blob, error) {
	if how&asItIs == 0 && isEncrypted(path) {
		data, secret, err := c.decrypt(path)
		if err != nil {
			return modules.Blob{}, err
		}
		blob := c.data(data, "", info.Mode())
		blob.Secret = secret
		return blob, nil
	}
	blob, err := hashFile(path, info)
	if err != nil {
		return modules.Blob{}, err
	}
	if c.sent != nil {
		c.sent(path, blob.SHA256, info.ModTime())
	}
	c.mu.Lock()
	c.files[blob.SHA256] = path
	c.mu.Unlock()
	return blob, nil
}

// vaultMark begins every file that vault encrypted.
const vaultMark = "$ANSIBLE_VAULT"

func isEncrypted(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, len(vaultMark))
	_, err = io.ReadFull(f, head)
	return err == nil && string(head) == vaultMark
}

func hashFile(path string, info fs.FileInfo) (modules.Blob, error) {
	f, err := os.Open(path)
	if err != nil {
		return modules.Blob{}, err
	}
	defer f.Close()
	blob := modules.Blob{Mode: uint32(info.Mode().Perm())}
	head, err := io.ReadAll(io.LimitReader(f, inlineLimit))
	if err != nil {
		return modules.Blob{}, err
	}
	sum := sha256.New()
	sum.Write(head)
	rest, err := io.Copy(sum, f)
	if err != nil {
		return modules.Blob{}, err
	}
	blob.Size, blob.SHA256 = int64(len(head))+rest, hex.EncodeToString(sum.Sum(nil))
	if blob.Size < inlineLimit {
		blob.Inline = head
	}
	return blob, nil
}

// data makes the blob of bytes that were made here.
func (c *contents) data(data []byte, name string, mode fs.FileMode) modules.Blob {
	sum := sha256.Sum256(data)
	blob := modules.Blob{SHA256: hex.EncodeToString(sum[:]), Size: int64(len(data)), Name: name, Mode: uint32(mode.Perm())}
	if len(data) < inlineLimit {
		blob.Inline = append([]byte{}, data...)
		return blob
	}
	c.mu.Lock()
	c.bytes[blob.SHA256] = data
	c.mu.Unlock()
	return blob
}

// tree makes the tree of a file or directory on disk.
func (c *contents) tree(path, name string, how reading) (modules.Tree, error) {
	info, err := os.Stat(path)
	if err != nil {
		return modules.Tree{}, err
	}
	t := modules.Tree{Name: name, IsDir: info.IsDir()}
	if !t.IsDir {
		blob, err := c.file(path, name, how)
		t.Entries = []modules.TreeEntry{{Blob: blob}}
		return t, err
	}
	err = c.below(&t, path, "", how)
	sort.SliceStable(t.Entries, func(i, j int) bool { return t.Entries[i].Path < t.Entries[j].Path })
	return t, err
}

// below adds what lies in a directory of the tree.
func (c *contents) below(t *modules.Tree, root, dir string, how reading) error {
	list, err := os.ReadDir(filepath.Join(root, dir))
	if err != nil {
		return err
	}
	for _, d := range list {
		name := filepath.Join(dir, d.Name())
		at := filepath.Join(root, name)
		if how&following != 0 && d.Type()&fs.ModeSymlink != 0 {
			d = followed(at, d)
		}
		entry, err := c.entry(at, name, d, how)
		if err != nil {
			return err
		}
		t.Entries = append(t.Entries, entry)
		if entry.IsDir {
			if err := c.below(t, root, name, how); err != nil {
				return err
			}
		}
	}
	return nil
}

// followed is what a link points to; the link itself where that is nothing, or a
// directory that the link lies in, of which there would be no end.
func followed(at string, link fs.DirEntry) fs.DirEntry {
	info, err := os.Stat(at)
	if err != nil {
		return link
	}
	target, err := filepath.EvalSymlinks(at)
	if err != nil {
		return link
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(at))
	if err != nil || strings.HasPrefix(dir+"/", target+"/") {
		return link
	}
	return fs.FileInfoToDirEntry(info)
}

func (c *contents) entry(at, below string, d fs.DirEntry, how reading) (modules.TreeEntry, error) {
	entry := modules.TreeEntry{Path: filepath.ToSlash(below), IsDir: d.IsDir()}
	var err error
	switch {
	case d.Type()&fs.ModeSymlink != 0:
		entry.Link, err = os.Readlink(at)
	case d.IsDir():
		var info fs.FileInfo
		if info, err = d.Info(); err == nil {
			entry.Blob.Mode = uint32(info.Mode().Perm())
		}
	case d.Type().IsRegular():
		entry.Blob, err = c.file(at, entry.Path, how)
	default:
		err = fmt.Errorf("%s is neither a file, a directory nor a link", at)
	}
	return entry, err
}

// fillContent puts what from:"controller" parameters name in their place.
func (v *visit) fillContent(_ context.Context, s *step) error {
	if s.spec == nil {
		return nil
	}
	args, _ := s.call.Args.AsMap()
	for _, p := range s.spec.Parameters() {
		if p.From != "controller" || staysOnHost(args, p, s.scope) {
			continue
		}
		name, written := given(args, p)
		if name == "" {
			continue
		}
		sent, err := v.sendAll(s, p, written)
		if err != nil {
			return err
		}
		if sent.IsNull() {
			args.Delete(values.String(name))
			continue
		}
		args.Set(name, sent)
	}
	return nil
}

// sendAll sends one file or tree, or each one of a list; optional ones that are missing
// are left out.
func (v *visit) sendAll(s *step, p modules.Parameter, written values.Value) (values.Value, error) {
	if p.Type != "list" {
		return v.send(s, p, values.Text(written))
	}
	items := written.Items()
	if written.Kind() == values.KindString {
		items = []values.Value{written}
	}
	element := p
	element.Type = p.Elements
	sent := []values.Value{}
	for _, item := range items {
		one, err := v.send(s, element, values.Text(item))
		if err != nil {
			return values.Null, err
		}
		if !one.IsNull() {
			sent = append(sent, one)
		}
	}
	return values.FromSlice(sent), nil
}

// staysOnHost reports that remote_src, or what stands for it, makes the path one of the host.
func staysOnHost(args *values.Map, p modules.Parameter, scope *variables.Scope) bool {
	if p.Unless == "" {
		return false
	}
	v, ok := args.Get(p.Unless)
	if !ok {
		return false
	}
	yes, err := scope.Bool(v)
	return err == nil && yes
}

// given finds a parameter among the arguments, by its name or an alias: a path, or a
// list of paths.
func given(args *values.Map, p modules.Parameter) (name string, written values.Value) {
	for _, name := range append([]string{p.Name}, p.Aliases...) {
		v, ok := args.Get(name)
		if ok && (v.Kind() == values.KindString || v.Kind() == values.KindList && p.Type == "list") {
			return name, v
		}
	}
	return "", values.Null
}

// send finds what the operator named and makes a Blob or Tree of it. It is null where an
// optional file is missing.
func (v *visit) send(s *step, p modules.Parameter, written string) (values.Value, error) {
	path, err := v.find(s.scope, p, written)
	if err != nil || path == "" {
		return values.Null, err
	}
	args, _ := s.call.Args.AsMap()
	how := decrypted
	if yes, err := boolArg(s, args, "decrypt", true); err == nil && !yes {
		how |= asItIs
	}
	if _, may := s.spec.Parameter("local_follow"); may {
		if yes, err := boolArg(s, args, "local_follow", true); err == nil && yes {
			how |= following
		}
	}
	switch {
	case p.Rendered:
		blob, err := v.rendered(s, path, written)
		return blob.Value(), err
	case p.Type == "tree":
		tree, err := v.contents.tree(path, written, how)
		if err == nil && p.Templates {
			err = v.renderTree(s, path, &tree)
		}
		return tree.Value(), err
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return values.Null, fmt.Errorf("%s: %q is a directory (%s), and %s wants a file", p.Name, written, path, s.call.Module)
	}
	blob, err := v.contents.file(path, written, how)
	return blob.Value(), err
}

func (v *visit) find(scope *variables.Scope, p modules.Parameter, written string) (string, error) {
	kind := "files"
	if p.Rendered {
		kind = "templates"
	}
	if p.Words {
		written, _ = modules.CutWord(written)
	}
	path, tried := scope.Finder().Find(kind, written)
	if path == "" && !p.Optional {
		return "", fmt.Errorf("Could not find or access '%s'\nSearched in:\n\t%s on the Ansible Controller.\nIf you are using a module and expect the file to exist on the remote, see the remote_src option",
			written, strings.Join(tried, "\n\t"))
	}
	return path, nil
}
