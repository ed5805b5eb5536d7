-- The stock of the practice pharmacy (智慧药学). Applied when the database is made; safe to apply again.
CREATE TABLE IF NOT EXISTS drug (
    code varchar(16) PRIMARY KEY,
    name varchar(100) NOT NULL,
    unit varchar(10) NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE IF NOT EXISTS stock (
    drug_code varchar(16) PRIMARY KEY,
    quantity int NOT NULL,
    CONSTRAINT stock_not_negative CHECK (quantity >= 0),
    FOREIGN KEY (drug_code) REFERENCES drug (code)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE IF NOT EXISTS dispense (
    id bigint AUTO_INCREMENT PRIMARY KEY,
    prescription varchar(64) NOT NULL,
    drug_code varchar(16) NOT NULL,
    quantity int NOT NULL CHECK (quantity > 0),
    dispensed_at timestamp NOT NULL DEFAULT current_timestamp,
    UNIQUE KEY dispense_once (prescription, drug_code),
    FOREIGN KEY (drug_code) REFERENCES drug (code)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
