package filters

import (
	"fmt"
	"os"
	"os/user"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
)

// basename and dirname cut at the last slash, as os.path does: /etc/ has the empty basename.
func basename(p string) string { return p[strings.LastIndexByte(p, '/')+1:] }

func dirname(p string) string {
	head := p[:strings.LastIndexByte(p, '/')+1]
	if strings.Trim(head, "/") == "" {
		return head
	}
	return strings.TrimRight(head, "/")
}

// expanduser replaces ~ and ~user by that home directory of the controller.
func expanduser(p string) string {
	if !strings.HasPrefix(p, "~") {
		return p
	}
	name, rest, _ := strings.Cut(p[1:], "/")
	home := os.Getenv("HOME")
	if name != "" || home == "" {
		u, err := lookupUser(name)
		if err != nil {
			return p
		}
		home = u.HomeDir
	}
	expanded := strings.TrimRight(home, "/") + p[1+len(name):]
	if expanded == "" && rest == "" {
		return "/"
	}
	return expanded
}

func lookupUser(name string) (*user.User, error) {
	if name == "" {
		return user.Current()
	}
	return user.Lookup(name)
}

var variableReference = regexp.MustCompile(`\$(\w+|\{[^}]*\})`)

// expandvars replaces $name and ${name} by variables of the controller's environment;
// unknown ones stay.
func expandvars(p string) string {
	return variableReference.ReplaceAllStringFunc(p, func(ref string) string {
		name := strings.Trim(ref[1:], "{}")
		if v, ok := os.LookupEnv(name); ok {
			return v
		}
		return ref
	})
}

// realpath makes a path absolute and follows the symlinks of the controller, as far
// as the path exists.
func realpath(p string) string {
	absolute, err := filepath.Abs(p)
	if err != nil {
		return p
	}
	rest := ""
	for at := absolute; ; at = filepath.Dir(at) {
		if real, err := filepath.EvalSymlinks(at); err == nil {
			return filepath.Join(real, rest)
		}
		if at == filepath.Dir(at) {
			return absolute
		}
		rest = filepath.Join(filepath.Base(at), rest)
	}
}

func relpath(c *jinja.Call) (values.Value, error) {
	text, err := pathText(c)
	p := c.Params("start")
	start := p.String("start", ".")
	if err := first(err, p.Err()); err != nil {
		return values.Null, err
	}
	from, err1 := filepath.Abs(start)
	to, err2 := filepath.Abs(text)
	if err := first(err1, err2); err != nil {
		return values.Null, err
	}
	rel, err := filepath.Rel(from, to)
	return values.String(rel), err
}

// splitext splits off the extension; dots at the start of a name are none.
func splitext(c *jinja.Call) (values.Value, error) {
	text, err := pathText(c)
	name := text[strings.LastIndexByte(text, '/')+1:]
	stem := strings.TrimLeft(name, ".")
	extension := ""
	if i := strings.LastIndexByte(stem, '.'); i >= 0 {
		extension = stem[i:]
	}
	root := strings.TrimSuffix(text, extension)
	return values.TupleOf(values.String(root), values.String(extension)), first(err, c.Params().Err())
}

// pathJoin joins the parts of a list; an absolute part starts anew.
func pathJoin(c *jinja.Call) (values.Value, error) {
	parts := []values.Value{c.Value}
	if c.Value.Kind() == values.KindList {
		parts = c.Value.Items()
	} else if c.Value.Kind() != values.KindString {
		return values.Null, fmt.Errorf("|path_join expects string or sequence, got <class '%s'> instead.", jinja.TypeName(c.Value))
	}
	if len(parts) == 0 {
		return values.Null, fmt.Errorf("path_join: the list is empty")
	}
	joined := ""
	for i, v := range parts {
		part, ok := v.AsString()
		if !ok {
			return values.Null, first(jinja.Defined(v), fmt.Errorf("path_join: every part must be a string, not %s", jinja.TypeName(v)))
		}
		switch {
		case i == 0 || path.IsAbs(part):
			joined = part
		case joined == "" || strings.HasSuffix(joined, "/"):
			joined += part
		default:
			joined += "/" + part
		}
	}
	return values.String(joined), c.Params().Err()
}

// fileglob gives the files on the controller that match a pattern.
func fileglob(c *jinja.Call) (values.Value, error) {
	text, err := c.Text()
	if err != nil {
		return values.Null, err
	}
	found, err := filepath.Glob(text)
	if err != nil {
		return values.Null, fmt.Errorf("fileglob: the pattern %q is not valid", text)
	}
	found = slices.DeleteFunc(found, func(p string) bool { return !isFile(p) })
	return values.Strings(found...).MarkUnsafe(), c.Params().Err()
}

func winSplit(p string) (string, string) {
	drive, rest := winDrive(p)
	i := strings.LastIndexAny(rest, `/\`) + 1
	head, tail := rest[:i], rest[i:]
	if strings.Trim(head, `/\`) != "" {
		head = strings.TrimRight(head, `/\`)
	}
	return drive + head, tail
}

func winBasename(p string) string { _, tail := winSplit(p); return tail }
func winDirname(p string) string  { head, _ := winSplit(p); return head }

// winDrive splits off C: or \\server\share.
func winDrive(p string) (string, string) {
	slashed := strings.ReplaceAll(p, "/", `\`)
	if strings.HasPrefix(slashed, `\\`) && !strings.HasPrefix(slashed, `\\\`) {
		server := strings.IndexByte(slashed[2:], '\\')
		if server < 0 {
			return "", p
		}
		share := strings.IndexByte(slashed[3+server:], '\\')
		if share == 0 {
			return "", p
		}
		if share < 0 {
			return p, ""
		}
		end := 3 + server + share
		return p[:end], p[end:]
	}
	if len(p) > 1 && p[1] == ':' {
		return p[:2], p[2:]
	}
	return "", p
}

func winSplitdrive(c *jinja.Call) (values.Value, error) {
	text, err := c.Text()
	drive, rest := winDrive(text)
	return values.TupleOf(values.String(drive), values.String(rest)), first(err, c.Params().Err())
}

// pathTest makes a test of a function on a path of the controller.
func pathTest(is func(string) bool) jinja.Test {
	return func(c *jinja.Call) (bool, error) {
		text, ok := c.Value.AsString()
		if err := first(c.Params().Err(), jinja.Defined(c.Value)); err != nil {
			return false, err
		}
		if !ok {
			return false, fmt.Errorf("the '%s' test needs a path, not %s", c.Name, jinja.TypeName(c.Value))
		}
		return is(text), nil
	}
}

func isAbs(p string) bool { return strings.HasPrefix(p, "/") }

func exists(p string) bool { _, err := os.Stat(p); return err == nil }

func linkExists(p string) bool { _, err := os.Lstat(p); return err == nil }

func isDirectory(p string) bool {
	info, err := os.Stat(p)
	return err == nil && info.IsDir()
}

func isFile(p string) bool {
	info, err := os.Stat(p)
	return err == nil && info.Mode().IsRegular()
}

func isLink(p string) bool {
	info, err := os.Lstat(p)
	return err == nil && info.Mode()&os.ModeSymlink != 0
}

func sameFile(c *jinja.Call) (bool, error) {
	text, err := c.Text()
	p := c.Params("other")
	p.Need("other")
	other := p.Text("other", "")
	if err := first(err, p.Err()); err != nil {
		return false, err
	}
	a, err := os.Stat(text)
	if err != nil {
		return false, err
	}
	b, err := os.Stat(other)
	return err == nil && os.SameFile(a, b), err
}

// commonpath gives the longest path that all paths of a list start with.
func commonpath(c *jinja.Call) (values.Value, error) {
	items, err := c.Items()
	if err := first(err, c.Params().Err()); err != nil {
		return values.Null, err
	}
	if c.Value.Kind() != values.KindList || len(items) == 0 {
		return values.Null, fmt.Errorf("commonpath needs a list of paths")
	}
	var common []string
	for i, item := range items {
		path, ok := item.AsString()
		if !ok {
			return values.Null, first(jinja.Defined(item), fmt.Errorf("commonpath: every path must be a string, not %s", jinja.TypeName(item)))
		}
		parts := strings.Split(filepath.Clean(path), "/")
		if i == 0 {
			common = parts
		}
		n := 0
		for n < min(len(common), len(parts)) && common[n] == parts[n] {
			n++
		}
		if n == 0 && i > 0 {
			return values.Null, fmt.Errorf("commonpath: relative and absolute paths have nothing in common")
		}
		common = common[:n]
	}
	if len(common) == 1 && common[0] == "" {
		return values.String("/"), nil
	}
	return values.String(strings.Join(common, "/")), nil
}
