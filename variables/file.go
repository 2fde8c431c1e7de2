package variables

import (
	"cmp"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/variables/filters"
)

// FileOptions say how the template module reads a template.
type FileOptions struct {
	// Path is where the template was found, Name what the task called it, Dest where
	// it goes; all become variables.
	Path, Name, Dest string
	// KeepBlocks turns trim_blocks off; LstripBlocks is as in Jinja.
	KeepBlocks, LstripBlocks bool
	// NewlineSequence is \n where empty.
	NewlineSequence string
	// Delimiters are Jinja's own where empty.
	Delimiters jinja.Delimiters
}

// RenderFile renders a template file as the template module does: with a #jinja2: header
// line, ansible_managed, template_path and their like. In it, unlike in playbooks, a
// backslash in a string escapes what follows.
func (sc *Scope) RenderFile(src []byte, o FileOptions) ([]byte, error) {
	v, err := sc.renderFile(src, o)
	if err != nil {
		return nil, sc.explainError(err)
	}
	text := values.Text(v)
	if o.NewlineSequence != "" && o.NewlineSequence != "\n" {
		text = strings.ReplaceAll(text, "\n", o.NewlineSequence)
	}
	return []byte(text), nil
}

// renderFile gives the text with its marks.
func (sc *Scope) renderFile(src []byte, o FileOptions) (values.Value, error) {
	text := string(src)
	pos := values.Position{File: o.Path, Line: 1, Col: 1}
	v := variant{File: true, TrimBlocks: !o.KeepBlocks, LstripBlocks: o.LstripBlocks, Delimiters: o.Delimiters}
	v.Search = strings.Join(sc.templateDirs(o.Path), "\x00")
	if strings.HasPrefix(text, overrideMark) {
		var err error
		if v, text, err = v.header(text); err != nil {
			return values.Null, fmt.Errorf("%s%w", at(pos), err)
		}
		pos.Line++
	}
	t, err := sc.store.engine.variant(v).Compile(text, pos)
	if err != nil {
		return values.Null, templateError(o.Path, err)
	}
	out, err := t.RenderValue(sc.ctx(), sc.With(fileVars(o, sc.store.options.Managed)))
	if err != nil {
		return values.Null, err
	}
	return padNewlines(out, text), nil
}

// templateDirs are where include and import in a template look.
func (sc *Scope) templateDirs(path string) []string {
	var dirs []string
	for _, dir := range sc.Finder().dirs() {
		dirs = append(dirs, filepath.Join(dir, "templates"), dir)
	}
	return append(dirs, filepath.Dir(path))
}

// fileVars are the variables that only template files see.
func fileVars(o FileOptions, managed string) *values.Map {
	host, _ := os.Hostname()
	name := o.Name
	if name == "" {
		name = o.Path
	}
	m := values.NewMap(8)
	m.Set("template_host", values.String(host))
	m.Set("template_path", values.String(name))
	m.Set("template_fullpath", values.String(o.Path))
	m.Set("template_destpath", values.String(o.Dest))
	m.Set("template_run_date", values.String(pythonTime(time.Now())))
	m.Set("ansible_managed", values.String(managedText(managed, o.Path, host)))
	if info, err := os.Stat(o.Path); err == nil {
		m.Set("template_mtime", values.String(pythonTime(info.ModTime())))
		m.Set("template_uid", values.String(owner(info)))
	}
	return m
}

// managedText is the variable ansible_managed: the setting with host, owner, path and the
// time of the template's last change filled in.
func managedText(managed, path, host string) string {
	info, err := os.Stat(path)
	if managed == "" || err != nil {
		return cmp.Or(managed, "Ansible managed")
	}
	filled := strings.NewReplacer("{host}", host, "{uid}", owner(info), "{file}", path).Replace(managed)
	return filters.Strftime(info.ModTime(), filled)
}

func pythonTime(t time.Time) string { return t.Format("2006-01-02 15:04:05.000000") }

func owner(info os.FileInfo) string {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	uid := strconv.Itoa(int(stat.Uid))
	if u, err := user.LookupId(uid); err == nil {
		return u.Username
	}
	return uid
}

// variant tells environments apart that differ in how templates are written.
type variant struct {
	TrimBlocks, LstripBlocks, KeepTrailingNewline bool
	Delimiters                                    jinja.Delimiters
	File                                          bool   // what it prints is text and nothing else
	Search                                        string // directories for include, joined by NUL
}

func (e *engine) variant(v variant) *jinja.Environment {
	e.mu.RLock()
	env := e.variants[v]
	e.mu.RUnlock()
	if env != nil {
		return env
	}
	env = e.env.With(func(o *jinja.Options) {
		o.TrimBlocks, o.LstripBlocks, o.KeepTrailingNewline = v.TrimBlocks, v.LstripBlocks, v.KeepTrailingNewline
		o.Delimiters = v.Delimiters
		if v.File {
			o.Finalize, o.Join = nullPrintsNothing, nil
		}
		if v.Search != "" {
			dirs := strings.Split(v.Search, "\x00")
			o.Loader = func(name string) (string, error) { return readTemplate(name, dirs) }
		}
	})
	e.mu.Lock()
	defer e.mu.Unlock()
	e.variants[v] = env
	return env
}

// overrideMark starts a first line that changes how the template is written.
const overrideMark = "#jinja2:"

// header reads the first line of src, which starts with overrideMark, and gives the rest.
func (v variant) header(src string) (variant, string, error) {
	line, rest, _ := strings.Cut(src[len(overrideMark):], "\n")
	for pair := range strings.SplitSeq(line, ",") {
		key, text, ok := strings.Cut(pair, ":")
		if !ok {
			return v, rest, fmt.Errorf("%s wants pairs such as trim_blocks:False, not %q", overrideMark, pair)
		}
		if err := v.set(strings.TrimSpace(key), strings.TrimSpace(text)); err != nil {
			return v, rest, err
		}
	}
	return v, rest, nil
}

func (v *variant) set(key, text string) error {
	value, ok := parseLiteral(text)
	if !ok {
		return fmt.Errorf("%s %s: %q is not a Python literal such as True or '[%%'", overrideMark, key, text)
	}
	flags := map[string]*bool{"trim_blocks": &v.TrimBlocks, "lstrip_blocks": &v.LstripBlocks, "keep_trailing_newline": &v.KeepTrailingNewline}
	texts := map[string]*string{
		"block_start_string": &v.Delimiters.BlockStart, "block_end_string": &v.Delimiters.BlockEnd,
		"variable_start_string": &v.Delimiters.VariableStart, "variable_end_string": &v.Delimiters.VariableEnd,
		"comment_start_string": &v.Delimiters.CommentStart, "comment_end_string": &v.Delimiters.CommentEnd,
	}
	if flag := flags[key]; flag != nil {
		*flag = value.Truthy()
		return nil
	}
	if field := texts[key]; field != nil {
		*field = values.Text(value)
		return nil
	}
	return fmt.Errorf("%s does not know %q: use trim_blocks, lstrip_blocks, keep_trailing_newline, or block_start_string and its like", overrideMark, key)
}
