package variables

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
)

// maxCompiled bounds how many templates a run keeps compiled.
const maxCompiled = 50_000

// engine compiles templates and keeps them.
type engine struct {
	env *jinja.Environment

	mu          sync.RWMutex
	templates   map[templateKey]*template
	expressions map[templateKey]expression
	variants    map[variant]*jinja.Environment
}

// templateKey tells templates apart; the place matters for messages only.
type templateKey struct {
	src string
	pos values.Position
}

// template is a compiled template; single is the name where it is only {{ name }}.
type template struct {
	*jinja.Template
	single string
	err    error
}

type expression struct {
	*jinja.Expression
	err error
}

func newEngine(s *Store) *engine {
	o := jinjaOptions()
	o.TrimBlocks = true
	if s.options.Plugins != nil {
		o.Own = ownNames{s.options.Plugins, o}
	}
	if !s.options.Native {
		o.Finalize = nullPrintsNothing
	}
	join := s.join()
	o.Join = func(pieces []values.Value) (values.Value, error) { return join(pieces, true) }
	o.Loader = func(name string) (string, error) {
		return readTemplate(name, []string{s.options.PlaybookDir, filepath.Join(s.options.PlaybookDir, "templates")})
	}
	return &engine{
		env:         jinja.New(o),
		templates:   map[templateKey]*template{},
		expressions: map[templateKey]expression{},
		variants:    map[variant]*jinja.Environment{},
	}
}

// forget drops what was compiled, since the filters and tests that there are have changed.
func (e *engine) forget() {
	e.mu.Lock()
	defer e.mu.Unlock()
	clear(e.templates)
	clear(e.expressions)
}

// nullPrintsNothing makes {{ none }} leave nothing in the text, as Ansible has it.
func nullPrintsNothing(v values.Value) (values.Value, error) {
	if v.IsNull() {
		return values.String("").Inherit(v), nil
	}
	return v, nil
}

// textFilters are those whose result stays text even where it looks like a list.
var textFilters = []string{"string", "to_json", "to_nice_json", "to_yaml", "to_nice_yaml"}

// verbatim wraps a filter so that its result stays text.
func verbatim(f jinja.Filter) jinja.Filter {
	return func(c *jinja.Call) (values.Value, error) {
		v, err := f(c)
		if err != nil || v.Kind() != values.KindString {
			return v, err
		}
		return v.MarkVerbatim(), nil
	}
}

func (e *engine) compile(src string, pos values.Position) (*template, error) {
	key := templateKey{src, pos}
	e.mu.RLock()
	t := e.templates[key]
	e.mu.RUnlock()
	if t == nil {
		t = e.compileTemplate(src, pos)
		e.mu.Lock()
		if len(e.templates) >= maxCompiled {
			clear(e.templates)
		}
		e.templates[key] = t
		e.mu.Unlock()
	}
	return t, t.err
}

var singleName = regexp.MustCompile(`^\{\{\s*(\w+)\s*\}\}\n?$`)

func (e *engine) compileTemplate(src string, pos values.Position) *template {
	t := &template{}
	if m := singleName.FindStringSubmatch(src); m != nil {
		t.single = m[1]
	}
	env := e.env
	if strings.HasPrefix(src, overrideMark) {
		v, rest, err := variant{TrimBlocks: true}.header(src)
		if err != nil {
			t.err = fmt.Errorf("%s%w", at(pos), err)
			return t
		}
		env, src = e.variant(v), rest
	}
	compiled, err := env.Compile(keepBackslashes(src), pos)
	t.Template, t.err = compiled, templateError(src, err)
	return t
}

func (e *engine) compileExpression(src string, pos values.Position) (*jinja.Expression, error) {
	key := templateKey{src, pos}
	e.mu.RLock()
	x, ok := e.expressions[key]
	e.mu.RUnlock()
	if !ok {
		x.Expression, x.err = e.env.CompileExpression(src, pos)
		e.mu.Lock()
		if len(e.expressions) >= maxCompiled {
			clear(e.expressions)
		}
		e.expressions[key] = x
		e.mu.Unlock()
	}
	return x.Expression, x.err
}

// TemplateError is a template that does not compile.
type TemplateError struct {
	Template string
	Err      error
}

// Error gives the place, the mistake and the template.
func (e *TemplateError) Error() string {
	var syntax *jinja.SyntaxError
	if errors.As(e.Err, &syntax) {
		return fmt.Sprintf("%stemplate error while templating string: %s. String: %s", at(syntax.Pos), syntax.Msg, e.Template)
	}
	return e.Err.Error()
}

// Unwrap gives the mistakes.
func (e *TemplateError) Unwrap() error { return e.Err }

func templateError(src string, err error) error {
	if err == nil {
		return nil
	}
	return &TemplateError{Template: src, Err: err}
}

// keepBackslashes doubles the backslashes of string literals inside {{ }}: in a
// playbook they stand for themselves, as Ansible has it, so that
// regex_replace('(a)', '\\1') works.
func keepBackslashes(src string) string {
	if !strings.Contains(src, `\`) || !strings.Contains(src, "{{") {
		return src
	}
	src = strings.TrimSuffix(src, "\n") // as Ansible does here, once more than elsewhere
	var b strings.Builder
	for {
		open := strings.Index(src, "{")
		if open < 0 || open+1 >= len(src) {
			break
		}
		b.WriteString(src[:open])
		src = src[open:]
		n := 1
		switch {
		case strings.HasPrefix(src, "{{"):
			n = expressionEnd(src)
			b.WriteString(doubleBackslashes(src[:n]))
		case strings.HasPrefix(src, "{#"):
			n = through(src, "#}")
			b.WriteString(src[:n])
		case isRaw(src):
			n = rawEnd(src)
			b.WriteString(src[:n])
		case strings.HasPrefix(src, "{%"):
			n = through(src, "%}")
			b.WriteString(src[:n])
		default:
			b.WriteString(src[:n])
		}
		src = src[n:]
	}
	b.WriteString(src)
	return b.String()
}

var (
	rawStart  = regexp.MustCompile(`^\{%[-+]?\s*raw\s*-?%\}`)
	rawFinish = regexp.MustCompile(`\{%[-+]?\s*endraw\s*[-+]?%\}`)
)

func isRaw(src string) bool { return rawStart.MatchString(src) }

func rawEnd(src string) int {
	if at := rawFinish.FindStringIndex(src); at != nil {
		return at[1]
	}
	return len(src)
}

// through gives the length of src up to the end of mark.
func through(src, mark string) int {
	if i := strings.Index(src, mark); i >= 0 {
		return i + len(mark)
	}
	return len(src)
}

// expressionEnd gives the length of the {{ }} that src starts with.
func expressionEnd(src string) int {
	depth := 0
	for i := 2; i < len(src); i++ {
		switch c := src[i]; c {
		case '\'', '"':
			i += stringEnd(src[i:]) - 1
		case '{', '[', '(':
			depth++
		case '}', ']', ')':
			if depth == 0 && strings.HasPrefix(src[i:], "}}") {
				return i + 2
			}
			depth--
		}
	}
	return len(src)
}

// stringEnd gives the length of the quoted string that s starts with.
func stringEnd(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case s[0]:
			return i + 1
		}
	}
	return len(s)
}

func doubleBackslashes(src string) string {
	var b strings.Builder
	for i := 0; i < len(src); {
		if c := src[i]; c != '\'' && c != '"' {
			b.WriteByte(c)
			i++
			continue
		}
		n := stringEnd(src[i:])
		b.WriteString(strings.ReplaceAll(src[i:i+n], `\`, `\\`))
		i += n
	}
	return b.String()
}

// readTemplate reads a template that another one names, from the first of dirs that has it.
func readTemplate(name string, dirs []string) (string, error) {
	if filepath.IsAbs(name) {
		dirs = []string{""}
	}
	for _, dir := range dirs {
		src, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil {
			return string(src), nil
		}
		if !errors.Is(err, os.ErrNotExist) {
			return "", fmt.Errorf("read template %q: %w", name, err)
		}
	}
	return "", fmt.Errorf("template %q was not found in %s: %w", name, strings.Join(dirs, ", "), os.ErrNotExist)
}
