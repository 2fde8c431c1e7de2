package known_hosts_test

import (
	"testing"

	"github.com/gdeploy/gdeploy/modules/known_hosts"
	"github.com/gdeploy/gdeploy/modules/moduletest"
)

func TestCases(t *testing.T) { moduletest.Run(t, known_hosts.Spec) }
