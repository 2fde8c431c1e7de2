package variables

import (
	"errors"
	"regexp"

	"github.com/gdeploy/gdeploy/values"
)

// CheckTemplate finds what is wrong with the templates in v without rendering them:
// syntax, unknown filters and tests. asExpression reads strings as bare expressions, as
// those of when.
func (s *Store) CheckTemplate(v values.Value, asExpression bool) []error {
	if v.Unsafe() {
		return nil
	}
	var errs []error
	switch v.Kind() {
	case values.KindString:
		text, _ := v.AsString()
		errs = s.checkText(text, v.Pos(), asExpression)
	case values.KindList:
		for _, item := range v.Items() {
			errs = append(errs, s.CheckTemplate(item, asExpression)...)
		}
	case values.KindMap:
		m, _ := v.AsMap()
		for _, item := range m.All() {
			errs = append(errs, s.CheckTemplate(item, asExpression)...)
		}
	}
	return errs
}

// callsLookups finds the functions that run lookups.
var callsLookups = regexp.MustCompile(`\b(lookup|query|q)\s*\(`)

func (s *Store) checkText(text string, pos values.Position, asExpression bool) []error {
	var err error
	switch {
	case isTemplate(text):
		_, err = s.engine.compile(text, pos)
	case asExpression && text != "":
		_, err = s.engine.compileExpression(text, pos)
	default:
		return nil
	}
	if err == nil && s.options.Plugins != nil && callsLookups.MatchString(text) {
		err = s.options.Plugins.UsesLookup(text)
	}
	return split(err)
}

// split gives the errors that were joined into err.
func split(err error) []error {
	if err == nil {
		return nil
	}
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		return joined.Unwrap()
	}
	return []error{err}
}
