-- Synthetic patients only: a card number starts with T, an identity number with 99, a region code that is not assigned.
CREATE TABLE department (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code text NOT NULL UNIQUE,
    name text NOT NULL
);
CREATE TABLE doctor (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    department_id integer NOT NULL REFERENCES department,
    name text NOT NULL,
    title text NOT NULL
);
CREATE TABLE schedule (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    doctor_id integer NOT NULL REFERENCES doctor,
    clinic_date date NOT NULL,
    session text NOT NULL CHECK (session IN ('am', 'pm')),
    capacity integer NOT NULL CHECK (capacity > 0),
    booked integer NOT NULL DEFAULT 0,
    last_number integer NOT NULL DEFAULT 0,
    UNIQUE (doctor_id, clinic_date, session),
    CONSTRAINT schedule_not_overbooked CHECK (booked BETWEEN 0 AND capacity),
    CONSTRAINT schedule_numbers_given CHECK (last_number >= booked)
);
CREATE TABLE patient (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    card_no text NOT NULL UNIQUE CHECK (card_no ~ '^T[0-9]{8}$'),
    name text NOT NULL,
    id_number text NOT NULL UNIQUE CHECK (id_number ~ '^99[0-9]{15}[0-9X]$'),
    phone text NOT NULL,
    birth_date date NOT NULL
);
CREATE TABLE registration (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    schedule_id integer NOT NULL REFERENCES schedule,
    patient_id integer NOT NULL REFERENCES patient,
    number integer NOT NULL CHECK (number > 0),
    reference text NOT NULL CONSTRAINT registration_reference_once UNIQUE,
    status text NOT NULL DEFAULT 'booked' CHECK (status IN ('booked', 'cancelled')),
    created_at timestamptz NOT NULL DEFAULT now(),
    cancelled_at timestamptz,
    CONSTRAINT registration_number_once UNIQUE (schedule_id, number),
    CONSTRAINT registration_cancelled_has_time CHECK ((status = 'cancelled') = (cancelled_at IS NOT NULL))
);
CREATE UNIQUE INDEX registration_patient_once ON registration (schedule_id, patient_id) WHERE status = 'booked';
CREATE INDEX registration_by_patient ON registration (patient_id, created_at);
