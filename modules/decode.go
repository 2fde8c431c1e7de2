package modules

import (
	"fmt"
	"reflect"
	"sort"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// Validator is a module with rules across its parameters. Decode calls Validate once
// all fields are filled; see Exclusive, OneOf, RequiredIf and Invalid for its errors.
type Validator interface {
	Validate() error
}

// Expander completes a path as a shell would: ~, ~user and $NAME.
type Expander func(path string) string

// Decode makes the module that args describe. It reports all mistakes at once; the
// error is of type Problems. A parameter that is omit or null counts as not given.
// expand completes paths on the machine that runs the module; nil leaves them.
func Decode(spec Spec, args values.Value, expand Expander) (Module, error) {
	m := spec.New()
	d := decoder{module: spec.Name, refused: spec.Refused, expand: expand}
	target := reflect.ValueOf(m).Elem()
	d.fill(target, args, "")
	if len(d.problems) == 0 {
		d.validate(m, args)
	}
	if len(d.problems) > 0 {
		return nil, d.sorted()
	}
	return m, nil
}

// Check reports the mistakes in args that can be told before any template in them is
// evaluated: unknown parameters, missing ones, values that do not fit. isTemplate
// tells which values are not final; nil is none. Rules across parameters are only
// checked where no value is a template.
func Check(spec Spec, args values.Value, isTemplate func(values.Value) bool) Problems {
	if isTemplate != nil && isTemplate(args) {
		return nil
	}
	m := spec.New()
	d := decoder{module: spec.Name, refused: spec.Refused, isTemplate: isTemplate, static: true}
	d.fill(reflect.ValueOf(m).Elem(), args, "")
	if len(d.problems) == 0 && !d.skipped {
		d.validate(m, args)
	}
	return d.sorted()
}

// decoder fills one struct and gathers what is wrong.
type decoder struct {
	module  string
	refused map[string]string
	expand  Expander
	// static is for Check: the controller's files are still paths.
	static     bool
	isTemplate func(values.Value) bool
	// skipped tells that some value was a template.
	skipped  bool
	problems Problems
}

func (d *decoder) validate(m Module, args values.Value) {
	if v, ok := m.(Validator); ok {
		d.problems = append(d.problems, problemsOf(v.Validate(), args.Pos())...)
	}
}

// sorted gives the problems in the order in which they stand in the file.
func (d *decoder) sorted() Problems {
	sort.SliceStable(d.problems, func(i, j int) bool {
		a, b := d.problems[i].Pos, d.problems[j].Pos
		if a.File != b.File || a.Line == 0 || b.Line == 0 {
			return false
		}
		return a.Line < b.Line || a.Line == b.Line && a.Col < b.Col
	})
	return d.problems
}

func (d *decoder) report(pos values.Position, ansible, format string, args ...any) {
	d.problems = append(d.problems, Problem{Pos: pos, Msg: fmt.Sprintf(format, args...), Ansible: ansible})
}

// fill decodes a map into a struct. within names the parameter that it is the inside
// of, for messages; it is empty for the module itself.
func (d *decoder) fill(target reflect.Value, args values.Value, within string) {
	fields := fieldsOf(target.Type())
	m, ok := args.AsMap()
	if !ok && !args.IsNull() {
		d.report(args.Pos(), "", "the arguments of %s are a %s, not parameters with values", d.module, args.Kind())
		return
	}
	if m == nil {
		m = values.NewMap(0)
	}
	rest, open := target, false
	if f, ok := findField(fields, others); ok {
		rest, open = target.FieldByIndex(f.index), true
	}
	written, unknown := d.written(m, fields)
	if open {
		rest.Set(reflect.ValueOf(*together(unknown)))
	} else {
		d.unknown(unknown, fields, within)
	}
	for _, f := range fields {
		if f.Name == others {
			continue // written has it
		}
		d.field(target.FieldByIndex(f.index), f, written, args, within)
	}
}

// argument is a value as it was written and the name it was written under.
type argument struct {
	name       string
	key, value values.Value
}

// pos is where the name was written, or else the value.
func (a argument) pos() values.Position {
	if pos := a.key.Pos(); pos != (values.Position{}) {
		return pos
	}
	return a.value.Pos()
}

// written sorts the arguments by parameter, and gives those that are none.
func (d *decoder) written(m *values.Map, fields []field) (found map[string]argument, unknown []argument) {
	found = map[string]argument{}
	for key, value := range m.All() {
		name := values.Text(key)
		f, ok := findField(fields, name)
		if !ok || name == others {
			unknown = append(unknown, argument{name, key, value})
			continue
		}
		if value.IsOmit() || value.IsNull() && !f.nulls {
			continue
		}
		if before, twice := found[f.Name]; twice {
			d.report(value.Pos(), "", "%s and %s of %s are the same parameter", before.name, name, d.module)
			continue
		}
		found[f.Name] = argument{name, key, value}
	}
	return found, unknown
}

// others is the name of a field that takes all parameters without a field.
const others = "*"

func together(args []argument) *values.Map {
	m := values.NewMap(len(args))
	for _, a := range args {
		if !a.value.IsOmit() {
			m.Set(a.name, a.value)
		}
	}
	return m
}

func (d *decoder) unknown(args []argument, fields []field, within string) {
	var names, known []string
	for _, f := range fields {
		known = append(known, f.Name)
		known = append(known, f.Aliases...)
	}
	for _, a := range args {
		names = append(names, a.name)
	}
	sort.Strings(known)
	for i, a := range args {
		ansible := " " // said once, by the first
		if i == 0 {
			ansible = fmt.Sprintf("Unsupported parameters for (%s) module: %s. Supported parameters include: %s.",
				d.module, strings.Join(names, ", "), strings.Join(known, ", "))
		}
		d.report(a.pos(), ansible, "unknown parameter %q of %s%s", a.name, d.owner(within), d.hint(a.name, known, within))
	}
}

func (d *decoder) owner(within string) string {
	if within == "" {
		return d.module
	}
	return within + " of " + d.module
}

func (d *decoder) hint(name string, known []string, within string) string {
	if why, ok := d.refused[name]; ok && within == "" {
		return ": " + why
	}
	if near := nearest(name, known); near != "" {
		return fmt.Sprintf(", did you mean %q?", near)
	}
	if len(known) == 0 {
		return ", which has none"
	}
	return "; it has " + strings.Join(known, ", ")
}

// field decodes one parameter, or its default.
func (d *decoder) field(target reflect.Value, f field, written map[string]argument, args values.Value, within string) {
	arg, ok := written[f.Name]
	switch {
	case ok:
		d.value(target, f, arg.value, within)
	case f.Required:
		d.report(args.Pos(), "missing required arguments: "+f.Name, "%s needs the parameter %q", d.owner(within), f.Name)
	case f.HasDefault:
		if err := d.convert(target, f, values.String(f.Default), f.Name); err != nil {
			panic(fmt.Sprintf("default of %s of %s: %v", f.Name, d.module, err))
		}
	}
}

func (d *decoder) value(target reflect.Value, f field, v values.Value, within string) {
	if d.unfinished(v) {
		d.skipped = true
		return
	}
	if d.static && f.From != "" {
		d.fromController(target, f, v)
		return
	}
	if err := d.convert(target, f, v, f.Name); err != nil {
		d.mismatch(f, v, within, err)
		return
	}
	if bad, ok := wrongChoice(f, target); ok {
		d.badChoice(f, v, bad, within)
	}
}

// fromController notes for Validate that content will come; before the executor has
// looked there is only a path.
func (d *decoder) fromController(target reflect.Value, f field, v values.Value) {
	sent := Blob{Name: values.Text(v)}
	switch indirect(f.typ) {
	case blobType:
		settle(target).Set(reflect.ValueOf(sent))
	case sourceType:
		settle(target).Set(reflect.ValueOf(Source{Blob: &sent}))
	case treeType:
		settle(target).Set(reflect.ValueOf(Tree{Name: sent.Name}))
	}
}

func (d *decoder) unfinished(v values.Value) bool {
	if d.isTemplate == nil {
		return false
	}
	if d.isTemplate(v) {
		return true
	}
	for _, item := range v.Items() {
		if d.unfinished(item) {
			return true
		}
	}
	if m, ok := v.AsMap(); ok {
		for _, item := range m.Values() {
			if d.unfinished(item) {
				return true
			}
		}
	}
	return false
}

func (d *decoder) mismatch(f field, v values.Value, within string, err error) {
	if ps, ok := err.(Problems); ok {
		d.problems = append(d.problems, ps...)
		return
	}
	shown := values.Repr(v)
	if f.Secret || v.Secret() {
		shown = "the value"
	}
	ansible := fmt.Sprintf("argument '%s' is of type %s and we were unable to convert to %s: %s", f.Name, pythonType(v), f.Type, err)
	if f.Type == "mode" {
		ansible = "mode must be in octal or symbolic form"
	}
	d.report(v.Pos(), ansible, "%s of %s is %s: %s", f.Name, d.owner(within), shown, err)
}

func pythonType(v values.Value) string {
	names := map[values.Kind]string{
		values.KindNull: "NoneType", values.KindBool: "bool", values.KindInt: "int", values.KindFloat: "float",
		values.KindString: "str", values.KindList: "list", values.KindMap: "dict",
	}
	name, ok := names[v.Kind()]
	if !ok {
		name = v.Kind().String()
	}
	return "<class '" + name + "'>"
}

// wrongChoice finds a value that is none of the choices.
func wrongChoice(f field, target reflect.Value) (string, bool) {
	if len(f.Choices) == 0 {
		return "", false
	}
	for _, text := range texts(target) {
		if !contains(f.Choices, text) {
			return text, true
		}
	}
	return "", false
}

// texts prints a scalar field, or each element of a list.
func texts(v reflect.Value) []string {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	if v.Kind() != reflect.Slice {
		return []string{fmt.Sprint(v.Interface())}
	}
	var list []string
	for i := range v.Len() {
		list = append(list, texts(v.Index(i))...)
	}
	return list
}

func (d *decoder) badChoice(f field, v values.Value, bad, within string) {
	hint := ""
	if near := nearest(bad, f.Choices); near != "" {
		hint = fmt.Sprintf(", did you mean %q?", near)
	}
	one := "one of"
	if f.Type == "list" {
		one = "one or more of"
	}
	shown := bad
	if f.Secret {
		shown = "********"
	}
	d.report(v.Pos(),
		fmt.Sprintf("value of %s must be %s: %s, got: %s", f.Name, one, strings.Join(f.Choices, ", "), shown),
		"%s of %s must be %s %s, not %q%s", f.Name, d.owner(within), one, strings.Join(f.Choices, ", "), shown, hint)
}
