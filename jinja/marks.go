package jinja

import "github.com/gdeploy/gdeploy/values"

// deepMarks gives a value with the marks of v and of everything inside it.
func deepMarks(v values.Value) values.Value {
	marks := values.Null
	collectMarks(v, &marks, maxNesting)
	return marks
}

func collectMarks(v values.Value, marks *values.Value, depth int) {
	if v.Unsafe() || v.Secret() {
		*marks = marks.Inherit(v)
	}
	if depth == 0 || marks.Unsafe() && marks.Secret() {
		return
	}
	switch v.Kind() {
	case values.KindList:
		for _, item := range v.Items() {
			collectMarks(item, marks, depth-1)
		}
	case values.KindMap:
		m, _ := v.AsMap()
		for key, item := range m.All() {
			collectMarks(key, marks, depth-1)
			collectMarks(item, marks, depth-1)
		}
	}
}

func isContainer(v values.Value) bool {
	k := v.Kind()
	return k == values.KindList || k == values.KindMap
}

// inheritAll gives a freshly made result the marks of the values it was made from.
// A list or map made from other lists and maps keeps the marks of its elements; one
// made from a scalar (split, from_json) is marked throughout.
func inheritAll(result values.Value, from ...values.Value) values.Value {
	made := isContainer(result)
	marks := values.Null
	for _, f := range from {
		switch {
		case !isContainer(f):
			marks = marks.Inherit(f)
		case !made && result.Kind() != values.KindObject:
			marks = marks.Inherit(deepMarks(f))
		}
	}
	if !marks.Unsafe() && !marks.Secret() {
		return result
	}
	if !made {
		return result.Inherit(marks)
	}
	if marks.Unsafe() {
		result = result.MarkUnsafe()
	}
	if marks.Secret() {
		result = result.MarkSecret()
	}
	return result
}
