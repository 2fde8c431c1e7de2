package modules

import (
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/gdeploy/gdeploy/values"
)

// Parameter describes one parameter of a module, as its struct field declares it.
type Parameter struct {
	Name string
	// Type is Ansible's word for it (str, bool, int, float, list, dict, path, raw),
	// or mode, duration, blob, tree.
	Type string
	// Elements is the type of a list's elements.
	Elements string
	Help     string
	Required bool
	// Default is the text of the default; HasDefault tells "" from none.
	Default    string
	HasDefault bool
	Choices    []string
	Aliases    []string
	Secret     bool
	// From is "controller" where the operator writes a path on the controller and the
	// module gets a Blob or a Tree.
	From string
	// Rendered marks a file that the executor renders as a template first.
	Rendered bool
	// Templates marks trees whose files that end in .j2 the executor renders, which then
	// have their name without it.
	Templates bool
	// Optional marks a file that may be missing on the controller; the parameter then
	// counts as not given.
	Optional bool
	// Words marks a command line whose first word is the file.
	Words bool
	// Unless names a bool parameter that, when true, makes a from:"controller"
	// parameter a plain path on the host (remote_src).
	Unless string
	// Options are the parameters inside a dict or a list of dicts; nil where any go.
	Options []Parameter
}

// Parameters lists the parameters in the order of the struct's fields.
func (s Spec) Parameters() []Parameter {
	return parametersOf(fieldsOf(structType(s.New())))
}

// Parameter finds a parameter by its name or an alias.
func (s Spec) Parameter(name string) (Parameter, bool) {
	f, ok := findField(fieldsOf(structType(s.New())), name)
	return f.Parameter, ok
}

func parametersOf(fields []field) []Parameter {
	list := make([]Parameter, len(fields))
	for i, f := range fields {
		list[i] = f.Parameter
	}
	return list
}

// field is a parameter and where it lies in its struct.
type field struct {
	Parameter
	index []int
	typ   reflect.Type
	// nulls says that a null is a value like any other, and not as if nothing were given.
	nulls bool
}

func structType(m Module) reflect.Type {
	t := reflect.TypeOf(m)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

func findField(fields []field, name string) (field, bool) {
	for _, f := range fields {
		if f.Name == name {
			return f, true
		}
		for _, alias := range f.Aliases {
			if alias == name {
				return f, true
			}
		}
	}
	return field{}, false
}

// described remembers what reflection found of a type, which never changes; without it
// reading the tags takes most of the time of a call that has nothing to do.
var described sync.Map // reflect.Type -> []field

// fieldsOf lists the parameters of a struct type. The caller must not change them.
func fieldsOf(t reflect.Type) []field {
	if known, ok := described.Load(t); ok {
		return known.([]field)
	}
	fields := readFields(t)
	described.Store(t, fields)
	return fields
}

// readFields reads the tags of a struct type; embedded structs lend their parameters.
func readFields(t reflect.Type) []field {
	var fields []field
	if t.Kind() != reflect.Struct {
		return nil
	}
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" {
			for _, inner := range fieldsOf(f.Type) {
				inner.index = append([]int{i}, inner.index...) // a copy: the embedded type keeps its own
				fields = append(fields, inner)
			}
			continue
		}
		if name == "" || name == "-" || !f.IsExported() {
			continue
		}
		fields = append(fields, newField(f, i, name))
	}
	return fields
}

func newField(f reflect.StructField, index int, name string) field {
	deflt, hasDefault := f.Tag.Lookup("default")
	from, how, _ := strings.Cut(f.Tag.Get("from"), ",")
	p := Parameter{
		Name:       name,
		Help:       f.Tag.Get("help"),
		Required:   f.Tag.Get("required") == "true",
		Default:    deflt,
		HasDefault: hasDefault,
		Choices:    words(f.Tag.Get("choices")),
		Aliases:    words(f.Tag.Get("aliases")),
		Secret:     f.Tag.Get("secret") == "true",
		From:       from,
		Rendered:   contains(words(how), "template"),
		Templates:  contains(words(how), "j2"),
		Optional:   contains(words(how), "optional"),
		Words:      contains(words(how), "words"),
		Unless:     f.Tag.Get("unless"),
	}
	p.Type, p.Elements = typeNames(f.Type, f.Tag.Get("type"))
	p.Options = parametersOf(fieldsOf(suboptions(f.Type)))
	if len(p.Options) == 0 {
		p.Options = nil
	}
	return field{Parameter: p, index: []int{index}, typ: f.Type, nulls: f.Tag.Get("nulls") == "true"}
}

func words(tag string) []string {
	if tag == "" {
		return nil
	}
	return strings.Split(tag, ",")
}

var (
	durationType = reflect.TypeFor[time.Duration]()
	modeType     = reflect.TypeFor[Mode]()
	valueType    = reflect.TypeFor[values.Value]()
	mapType      = reflect.TypeFor[values.Map]()
	blobType     = reflect.TypeFor[Blob]()
	treeType     = reflect.TypeFor[Tree]()
	sourceType   = reflect.TypeFor[Source]()
	bytesType    = reflect.TypeFor[[]byte]()
)

// typeNames gives the words for a field's type and for its elements.
func typeNames(t reflect.Type, tag string) (name, elements string) {
	t = indirect(t)
	switch t {
	case durationType:
		return "duration", ""
	case modeType:
		return "mode", ""
	case valueType:
		return "raw", ""
	case mapType:
		return "dict", ""
	case blobType, treeType, sourceType:
		return sourceName(t, tag), ""
	case bytesType:
		return "str", ""
	}
	switch t.Kind() {
	case reflect.Bool:
		return "bool", ""
	case reflect.Int, reflect.Int64, reflect.Int32, reflect.Uint32, reflect.Uint64:
		return orTag(tag, "int"), ""
	case reflect.Float64:
		return "float", ""
	case reflect.Slice:
		inner, _ := typeNames(t.Elem(), tag)
		return "list", inner
	case reflect.Map, reflect.Struct:
		return "dict", ""
	}
	return orTag(tag, "str"), ""
}

// sourceName is what the executor sends for a parameter: one file or a tree of them.
func sourceName(t reflect.Type, tag string) string {
	switch t {
	case blobType:
		return "blob"
	case treeType:
		return "tree"
	}
	return orTag(tag, "blob")
}

func orTag(tag, name string) string {
	if tag != "" {
		return tag
	}
	return name
}

func indirect(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// suboptions is the struct that describes the inside of a dict or of a list of dicts.
func suboptions(t reflect.Type) reflect.Type {
	t = indirect(t)
	if t.Kind() == reflect.Slice {
		t = indirect(t.Elem())
	}
	switch t {
	case valueType, mapType, blobType, treeType, sourceType:
		return reflect.TypeFor[int]()
	}
	return t
}
