"""The sections of 系统健康检查与性能分析报告, one file each."""
