package include_vars_test

import (
	"context"
	"errors"
	"testing"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/include_vars"
	"github.com/gdeploy/gdeploy/modules/moduletest"
	"github.com/gdeploy/gdeploy/values"
)

func TestCases(t *testing.T) { moduletest.Run(t, include_vars.Spec) }

// reader knows one file.
type reader struct{ asked modules.VarsSource }

// ReadVars reads it.
func (r *reader) ReadVars(src modules.VarsSource) (*values.Map, []string, error) {
	r.asked = src
	if src.File != "shop.yml" {
		return nil, nil, errors.New("no such file")
	}
	return modules.Data("port", values.Int(80)), []string{"/play/vars/shop.yml"}, nil
}

func TestVariablesBecomeFacts(t *testing.T) {
	known := &reader{}
	m := &include_vars.Module{File: "shop.yml", Name: "shop"}
	m.UseVars(known)
	result, err := m.Run(context.Background(), nil)
	if port, _ := result.Facts.Get("port"); err != nil || values.Text(port) != "80" || known.asked.Name != "shop" {
		t.Errorf("got %v, asked %+v: %v", result.Facts, known.asked, err)
	}
}

func TestMessageSaysWhatWentWrong(t *testing.T) {
	m := &include_vars.Module{File: "other.yml"}
	m.UseVars(&reader{})
	result, err := m.Run(context.Background(), nil)
	if said, _ := result.Data.Get("message"); err == nil || values.Text(said) != "no such file" {
		t.Errorf("message is %v, the error %v", said, err)
	}
}
