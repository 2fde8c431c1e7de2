// Package jmespath searches values by JMESPath, as Python's jmespath does: maps keep
// their order and integers stay integers. The notation is read by the parser of
// jmespath-community/go-jmespath, which is kept and gives its tree away; its own search
// works on Go's maps, which have no order, and on floats.
package jmespath

import (
	"errors"
	"fmt"

	"github.com/jmespath-community/go-jmespath/pkg/parsing"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
)

// maxDepth bounds how deep expressions may nest.
const maxDepth = 500

// Query is a compiled expression; it is safe for concurrent use.
type Query struct{ root parsing.ASTNode }

// Compile reads an expression.
func Compile(expression string) (q *Query, err error) {
	defer func() {
		if recover() != nil { // the parser looks behind the end of some wrong expressions
			q, err = nil, fmt.Errorf("the JMESPath expression %q is incomplete", expression)
		}
	}()
	root, err := parsing.NewParser().Parse(expression)
	if err != nil {
		return nil, fmt.Errorf("the JMESPath expression %q does not parse: %w", expression, err)
	}
	if err := known(root, 0); err != nil {
		return nil, err
	}
	return &Query{root}, nil
}

var errExtension = errors.New("arithmetic, let, variables and $ are no part of the JMESPath that Ansible knows")

// known refuses what the parser reads beyond the JMESPath of Python's library.
func known(node parsing.ASTNode, depth int) error {
	switch node.NodeType {
	case parsing.ASTArithmeticExpression, parsing.ASTArithmeticUnaryExpression, parsing.ASTRootNode,
		parsing.ASTLetExpression, parsing.ASTVariable, parsing.ASTBindings, parsing.ASTBinding:
		return errExtension
	}
	if depth > maxDepth {
		return fmt.Errorf("the JMESPath expression is nested more than %d deep", maxDepth)
	}
	for _, child := range node.Children {
		if err := known(child, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// Search gives what the query finds in v; null where it finds nothing.
func (q *Query) Search(v values.Value) (values.Value, error) { return eval(q.root, v) }

func eval(node parsing.ASTNode, v values.Value) (values.Value, error) {
	switch node.NodeType {
	case parsing.ASTIdentity, parsing.ASTCurrentNode, parsing.ASTEmpty:
		return v, nil
	case parsing.ASTLiteral:
		return literal(node.Value), nil
	case parsing.ASTField:
		return field(v, node.Value), nil
	case parsing.ASTSubexpression, parsing.ASTPipe, parsing.ASTIndexExpression:
		return chain(node.Children, v)
	case parsing.ASTIndex:
		return index(v, node.Value.(int)), nil
	case parsing.ASTSlice:
		return slice(v, node.Value.([]*int))
	case parsing.ASTFlatten, parsing.ASTProjection, parsing.ASTValueProjection, parsing.ASTFilterProjection:
		return project(node, v)
	case parsing.ASTMultiSelectHash, parsing.ASTMultiSelectList:
		return multiSelect(node, v)
	case parsing.ASTOrExpression, parsing.ASTAndExpression, parsing.ASTNotExpression:
		return logic(node, v)
	case parsing.ASTComparator:
		return comparison(node, v)
	case parsing.ASTExpRef:
		return values.FromObject(&reference{node.Children[0]}), nil
	case parsing.ASTFunctionExpression:
		return call(node, v)
	}
	return values.Null, fmt.Errorf("the JMESPath node %v is not known", node.NodeType)
}

// literal turns what the parser read as JSON into a value.
func literal(x any) values.Value {
	switch x := x.(type) {
	case string:
		return values.String(x)
	case bool:
		return values.Bool(x)
	case float64:
		if x == float64(int64(x)) && x < 1<<53 && x > -1<<53 {
			return values.Int(int64(x))
		}
		return values.Float(x)
	case []any:
		items := make([]values.Value, len(x))
		for i := range x {
			items[i] = literal(x[i])
		}
		return values.FromSlice(items)
	case map[string]any:
		m := values.NewMap(len(x))
		for _, key := range sortedKeys(x) {
			m.Set(key, literal(x[key]))
		}
		return values.FromMap(m)
	}
	return values.Null
}

// mapOf gives the map that v is or stands for.
func mapOf(v values.Value) (*values.Map, bool) {
	m, ok, err := jinja.AsMap(v)
	return m, ok && err == nil
}

// listOf gives the elements of a list; strings and maps are none.
func listOf(v values.Value) ([]values.Value, bool) {
	l, ok := v.AsList()
	if !ok {
		return nil, false
	}
	return l.Items, true
}

func field(v values.Value, name any) values.Value {
	text, _ := name.(string)
	m, ok := mapOf(v)
	if !ok {
		return values.Null
	}
	found, _ := m.Get(text)
	return found
}

func chain(nodes []parsing.ASTNode, v values.Value) (values.Value, error) {
	var err error
	for _, node := range nodes {
		if v, err = eval(node, v); err != nil {
			return values.Null, err
		}
	}
	return v, nil
}

func index(v values.Value, i int) values.Value {
	items, ok := listOf(v)
	if i < 0 {
		i += len(items)
	}
	if !ok || i < 0 || i >= len(items) {
		return values.Null
	}
	return items[i]
}

func slice(v values.Value, parts []*int) (values.Value, error) {
	items, ok := listOf(v)
	if !ok {
		return values.Null, nil
	}
	step := 1
	if parts[2] != nil {
		step = *parts[2]
	}
	if step == 0 {
		return values.Null, errors.New("slice step cannot be 0")
	}
	n := len(items)
	low, high := 0, n
	if step < 0 {
		low, high = -1, n-1
	}
	bound := func(p *int, def int) int {
		if p == nil {
			return def
		}
		i := *p
		if i < 0 {
			i += n
		}
		return min(max(i, low), high)
	}
	start, stop := bound(parts[0], low), bound(parts[1], high)
	if step < 0 {
		start, stop = bound(parts[0], high), bound(parts[1], low)
	}
	picked := []values.Value{}
	for i := start; step > 0 && i < stop || step < 0 && i > stop; i += step {
		picked = append(picked, items[i])
		if step > n || step < -n {
			break
		}
	}
	return values.FromSlice(picked), nil
}

// project applies what stands right of a projection to each element left of it, and
// leaves nulls out.
func project(node parsing.ASTNode, v values.Value) (values.Value, error) {
	base, err := eval(node.Children[0], v)
	if err != nil {
		return values.Null, err
	}
	items, ok := listOf(base)
	if node.NodeType == parsing.ASTValueProjection {
		var m *values.Map
		if m, ok = mapOf(base); ok {
			items = m.Values()
		}
	}
	if !ok {
		return values.Null, nil
	}
	if node.NodeType == parsing.ASTFlatten {
		return flatten(items), nil
	}
	kept := []values.Value{}
	for _, item := range items {
		if node.NodeType == parsing.ASTFilterProjection {
			holds, err := eval(node.Children[2], item)
			if err != nil {
				return values.Null, err
			}
			if isFalse(holds) {
				continue
			}
		}
		found, err := eval(node.Children[1], item)
		if err != nil {
			return values.Null, err
		}
		if !found.IsNull() {
			kept = append(kept, found)
		}
	}
	return values.FromSlice(kept), nil
}

func flatten(items []values.Value) values.Value {
	flat := []values.Value{}
	for _, item := range items {
		if inner, ok := listOf(item); ok {
			flat = append(flat, inner...)
			continue
		}
		flat = append(flat, item)
	}
	return values.FromSlice(flat)
}

func multiSelect(node parsing.ASTNode, v values.Value) (values.Value, error) {
	if v.IsNull() {
		return values.Null, nil
	}
	m, items := values.NewMap(len(node.Children)), []values.Value{}
	for _, child := range node.Children {
		x := child
		if child.NodeType == parsing.ASTKeyValPair {
			x = child.Children[0]
		}
		found, err := eval(x, v)
		if err != nil {
			return values.Null, err
		}
		if name, ok := child.Value.(string); ok && child.NodeType == parsing.ASTKeyValPair {
			m.Set(name, found)
		}
		items = append(items, found)
	}
	if node.NodeType == parsing.ASTMultiSelectHash {
		return values.FromMap(m), nil
	}
	return values.FromSlice(items), nil
}

func logic(node parsing.ASTNode, v values.Value) (values.Value, error) {
	left, err := eval(node.Children[0], v)
	if err != nil {
		return values.Null, err
	}
	switch {
	case node.NodeType == parsing.ASTNotExpression:
		if n, ok := left.AsBig(); ok && n.Sign() == 0 {
			return values.False, nil
		}
		return values.Bool(isFalse(left)), nil
	case (node.NodeType == parsing.ASTOrExpression) != isFalse(left):
		return left, nil
	}
	return eval(node.Children[1], v)
}

// isFalse holds of null, false and what is empty; 0 is true.
func isFalse(v values.Value) bool {
	switch v.Kind() {
	case values.KindNull:
		return true
	case values.KindBool, values.KindString, values.KindList, values.KindMap:
		return !v.Truthy()
	}
	m, ok := mapOf(v)
	return ok && m.Len() == 0
}

func comparison(node parsing.ASTNode, v values.Value) (values.Value, error) {
	left, err := eval(node.Children[0], v)
	if err != nil {
		return values.Null, err
	}
	right, err := eval(node.Children[1], v)
	if err != nil {
		return values.Null, err
	}
	op := node.Value.(parsing.TokType)
	switch op {
	case parsing.TOKEQ, parsing.TOKNE:
		same := (left.Kind() == values.KindBool) == (right.Kind() == values.KindBool) && values.Equal(left, right)
		return values.Bool(same == (op == parsing.TOKEQ)), nil
	}
	if !comparable(left) || !comparable(right) {
		return values.Null, nil
	}
	order, err := compare(left, right)
	if err != nil {
		return values.Null, err
	}
	switch op {
	case parsing.TOKLT:
		return values.Bool(order < 0), nil
	case parsing.TOKLTE:
		return values.Bool(order <= 0), nil
	case parsing.TOKGT:
		return values.Bool(order > 0), nil
	}
	return values.Bool(order >= 0), nil
}

// reference is &expression, which some functions take.
type reference struct{ node parsing.ASTNode }

// TypeName is how messages call it.
func (r *reference) TypeName() string { return "expref" }
