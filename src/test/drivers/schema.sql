CREATE TYPE mood AS ENUM ('happy', 'sad');
CREATE TABLE author (id serial PRIMARY KEY, name text NOT NULL, version int NOT NULL);
CREATE TABLE book (id serial PRIMARY KEY, author_id int NOT NULL REFERENCES author ON DELETE CASCADE, title text NOT NULL);
