-- Made-up stock of the practice pharmacy; safe to run again. The names are ordinary drugs, the codes are nobody's.
INSERT IGNORE INTO drug (code, name, unit) VALUES
    ('T0001', '阿莫西林胶囊 0.25g', '盒'), ('T0002', '布洛芬缓释胶囊 0.3g', '盒'), ('T0003', '二甲双胍片 0.5g', '盒'),
    ('T0004', '氨氯地平片 5mg', '盒'), ('T0005', '奥美拉唑肠溶胶囊 20mg', '盒'), ('T0006', '氯雷他定片 10mg', '盒'),
    ('T0007', '葡萄糖注射液 5% 250ml', '袋'), ('T0008', '氯化钠注射液 0.9% 250ml', '袋');
INSERT IGNORE INTO stock (drug_code, quantity) SELECT code, 10000 FROM drug;
