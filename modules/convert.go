package modules

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/values"
)

// convert puts v into a field as Ansible would: a string that reads as a number fits
// an int, a scalar fits a list, a number fits a string.
func (d *decoder) convert(target reflect.Value, f field, v values.Value, name string) error {
	target = settle(target)
	switch target.Type() {
	case valueType:
		target.Set(reflect.ValueOf(v))
		return nil
	case mapType:
		return into(target, v, func(v values.Value) (values.Map, error) {
			m, err := toDict(v)
			if err != nil {
				return values.Map{}, err
			}
			return *m, nil
		})
	case modeType:
		return into(target, v, parseMode)
	case durationType:
		return into(target, v, ToDuration)
	case blobType:
		return into(target, v, blobFrom)
	case treeType:
		return into(target, v, treeFrom)
	case sourceType:
		return into(target, v, d.source)
	case bytesType:
		target.SetBytes([]byte(values.Text(v)))
		return nil
	}
	return d.convertKind(target, f, v, name)
}

func (d *decoder) source(v values.Value) (Source, error) {
	s, err := sourceFrom(v)
	s.Path = d.expanded(s.Path)
	return s, err
}

// settle follows pointers, making what they point to.
func settle(v reflect.Value) reflect.Value {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		v = v.Elem()
	}
	return v
}

func into[T any](target reflect.Value, v values.Value, read func(values.Value) (T, error)) error {
	got, err := read(v)
	if err == nil {
		target.Set(reflect.ValueOf(got))
	}
	return err
}

func (d *decoder) convertKind(target reflect.Value, f field, v values.Value, name string) error {
	switch target.Kind() {
	case reflect.String:
		s := values.Text(v)
		if f.Type == "path" || f.Elements == "path" {
			s = d.expanded(s)
		}
		target.SetString(s)
		return nil
	case reflect.Bool:
		b, err := toBool(v)
		target.SetBool(b)
		return err
	case reflect.Int, reflect.Int32, reflect.Int64:
		i, err := toInt(v)
		if err == nil && target.OverflowInt(i) {
			return fmt.Errorf("%d is too big", i)
		}
		target.SetInt(i)
		return err
	case reflect.Uint32, reflect.Uint64:
		i, err := toInt(v)
		if err == nil && (i < 0 || target.OverflowUint(uint64(i))) {
			return fmt.Errorf("%d is out of range", i)
		}
		target.SetUint(uint64(i))
		return err
	case reflect.Float64:
		x, err := toFloat(v)
		target.SetFloat(x)
		return err
	case reflect.Slice:
		return d.convertList(target, f, v, name)
	case reflect.Map:
		return d.convertMap(target, f, v, name)
	case reflect.Struct:
		return d.convertStruct(target, v, name)
	}
	return fmt.Errorf("a field of type %s cannot be a parameter", target.Type())
}

func (d *decoder) expanded(path string) string {
	if d.expand == nil {
		return path
	}
	return d.expand(path)
}

func (d *decoder) convertList(target reflect.Value, f field, v values.Value, name string) error {
	items, err := toList(v, f)
	if err != nil {
		return err
	}
	list := reflect.MakeSlice(target.Type(), len(items), len(items))
	var inside Problems
	for i, item := range items {
		err := d.convert(list.Index(i), f, item, fmt.Sprintf("%s[%d]", name, i))
		if ps, ok := err.(Problems); ok {
			inside = append(inside, ps...)
			continue
		}
		if err != nil {
			return err
		}
	}
	if len(inside) > 0 {
		return inside
	}
	target.Set(list)
	return nil
}

// toList reads a list; a dict stands for a list with that one dict in it where the
// elements are dicts, and trees and blobs likewise.
func toList(v values.Value, f field) ([]values.Value, error) {
	switch v.Kind() {
	case values.KindList:
		return v.Items(), nil
	case values.KindString:
		s, _ := v.AsString()
		if f.HasDefault && s == "" {
			return nil, nil
		}
		var items []values.Value
		for part := range strings.SplitSeq(s, ",") {
			items = append(items, values.String(part).Inherit(v))
		}
		return items, nil
	case values.KindInt, values.KindFloat:
		return []values.Value{values.String(values.Text(v)).Inherit(v)}, nil
	case values.KindBool:
		return []values.Value{v}, nil
	case values.KindMap:
		if f.Elements == "dict" || f.From != "" {
			return []values.Value{v}, nil
		}
	}
	return nil, fmt.Errorf("%s cannot be converted to a list", pythonType(v))
}

func (d *decoder) convertMap(target reflect.Value, f field, v values.Value, name string) error {
	m, err := toDict(v)
	if err != nil {
		return err
	}
	made := reflect.MakeMapWithSize(target.Type(), m.Len())
	for key, item := range m.All() {
		element := reflect.New(target.Type().Elem()).Elem()
		if err := d.convert(element, f, item, name+"."+values.Text(key)); err != nil {
			return err
		}
		made.SetMapIndex(reflect.ValueOf(values.Text(key)), element)
	}
	target.Set(made)
	return nil
}

// convertStruct fills the inside of a dict parameter; its mistakes are reported one by one.
func (d *decoder) convertStruct(target reflect.Value, v values.Value, name string) error {
	m, err := toDict(v)
	if err != nil {
		return err
	}
	inner := decoder{module: d.module, expand: d.expand, static: d.static, isTemplate: d.isTemplate}
	inner.fill(target, values.FromMap(m).At(v.Pos()), name)
	if len(inner.problems) > 0 {
		return inner.problems
	}
	return nil
}

func toBool(v values.Value) (bool, error) {
	if b, ok := v.AsBool(); ok {
		return b, nil
	}
	switch strings.ToLower(strings.TrimSpace(values.Text(v))) {
	case "y", "yes", "on", "1", "true", "t", "1.0":
		return true, nil
	case "n", "no", "off", "0", "false", "f", "0.0":
		return false, nil
	}
	return false, Fail("The value '%s' is not a valid boolean. Use yes or no", values.Text(v))
}

func toInt(v values.Value) (int64, error) {
	if b, ok := v.AsBool(); ok {
		return map[bool]int64{true: 1}[b], nil
	}
	if i, ok := v.AsInt(); ok {
		return i, nil
	}
	if s, ok := v.AsString(); ok {
		if i, err := strconv.ParseInt(strings.ReplaceAll(strings.TrimSpace(s), "_", ""), 10, 64); err == nil {
			return i, nil
		}
	}
	return 0, fmt.Errorf("%s cannot be converted to an int", pythonType(v))
}

func toFloat(v values.Value) (float64, error) {
	if f, ok := v.AsFloat(); ok {
		return f, nil
	}
	if k := v.Kind(); k == values.KindInt || k == values.KindString {
		if f, err := strconv.ParseFloat(strings.TrimSpace(values.Text(v)), 64); err == nil {
			return f, nil
		}
	}
	return 0, fmt.Errorf("%s cannot be converted to a float", pythonType(v))
}

// ToDuration reads seconds, or a number with a unit: 90, "1.5", "30s", "5m", "1h30m", "2d".
func ToDuration(v values.Value) (time.Duration, error) {
	if v.Kind() != values.KindBool {
		if f, err := toFloat(v); err == nil {
			return time.Duration(f * float64(time.Second)), nil
		}
	}
	s, _ := v.AsString()
	s = strings.TrimSpace(s)
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.ParseFloat(days, 64); err == nil {
			return time.Duration(n * 24 * float64(time.Hour)), nil
		}
	}
	if t, err := time.ParseDuration(s); err == nil {
		return t, nil
	}
	return 0, errors.New("that is no length of time; write seconds or \"30s\", \"5m\", \"1h30m\"")
}

func toDict(v values.Value) (*values.Map, error) {
	if m, ok := v.AsMap(); ok {
		return m, nil
	}
	s, ok := v.AsString()
	if !ok {
		return nil, fmt.Errorf("%s cannot be converted to a dict", pythonType(v))
	}
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, "{") {
		decoded, err := values.Decode([]byte(s))
		if m, ok := decoded.AsMap(); ok && err == nil {
			return m, nil
		}
		return nil, errors.New("unable to evaluate string as dictionary")
	}
	m := values.NewMap(2)
	if s == "" {
		return m, nil
	}
	words, err := splitWords(strings.ReplaceAll(s, ",", " "))
	if err != nil {
		return nil, err
	}
	for _, w := range words {
		key, value, ok := strings.Cut(w.text, "=")
		if !ok {
			return nil, errors.New("dictionary requested, could not parse JSON or key=value")
		}
		m.Set(key, values.String(unquote(value)).Inherit(v))
	}
	return m, nil
}
