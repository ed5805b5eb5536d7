"""A small hospital to practise on: its software as packages, their archive, its hosts, its patients' traffic."""
