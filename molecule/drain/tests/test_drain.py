"""What the role leaves: one server out of rotation, one back in it, and nginx running with that."""

from __future__ import annotations


def test_nginx_runs_with_one_server_out_one_back_and_one_untouched(host):
    """By nginx's own reading of its configuration."""
    told = host.check_output("nginx -T 2>/dev/null")
    assert "server 127.0.0.1:8081 down;" in told
    assert "server 127.0.0.1:8082;" in told
    assert "server 127.0.0.1:8083;" in told
    assert host.service("nginx").is_running
