-- Synthetic data for the registration service; safe to run again, and on a later day it adds that day's clinics.
--
-- Nobody is in here. Every patient is called 测试患者 and a number. An identity number has the form of a real one, but its
-- region code (990000) is not assigned to any place and its check digit is wrong on purpose, so that it can never be
-- somebody's and every validator refuses it. Telephone numbers start with 00000, which no subscriber has; as in real
-- registers, two members of a family share one.
BEGIN;
INSERT INTO department (code, name) VALUES
    ('IM', '内科'), ('SU', '外科'), ('PE', '儿科'), ('OG', '妇产科'),
    ('EN', '耳鼻喉科'), ('EY', '眼科'), ('DE', '皮肤科'), ('TC', '中医科')
ON CONFLICT DO NOTHING;

INSERT INTO doctor (department_id, name, title)
SELECT department.id, '测试医生' || department.code || n, CASE n WHEN 1 THEN '主任医师' ELSE '主治医师' END
FROM department, generate_series(1, 5) AS n
WHERE NOT EXISTS (SELECT FROM doctor);

INSERT INTO schedule (doctor_id, clinic_date, session, capacity)
SELECT doctor.id, current_date + day, session, 60
FROM doctor, generate_series(0, 13) AS day, (VALUES ('am'), ('pm')) AS half (session)
ON CONFLICT DO NOTHING;

INSERT INTO patient (card_no, name, id_number, phone, birth_date)
SELECT 'T' || lpad(n::text, 8, '0'), '测试患者' || n, body || wrong_digit, '00000' || lpad(((n + 1) / 2)::text, 6, '0'), born
FROM generate_series(1, 2000) AS n
CROSS JOIN LATERAL (SELECT date '1950-01-01' + n * 9 AS born) AS birth
CROSS JOIN LATERAL (SELECT '990000' || to_char(born, 'YYYYMMDD') || lpad((n % 1000)::text, 3, '0') AS body) AS number
CROSS JOIN LATERAL (
    -- The check digit of GB 11643 for this body, moved on by one place.
    SELECT substr('10X98765432', ((sum(substr(body, place::int, 1)::int * weight) + 1) % 11)::int + 1, 1) AS wrong_digit
    FROM unnest(ARRAY[7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]) WITH ORDINALITY AS w (weight, place)
) AS digit
ON CONFLICT DO NOTHING;
COMMIT;
