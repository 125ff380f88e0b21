-- phpMyAdmin SQL Dump
CREATE TABLE tb_course (code varchar(20));
INSERT INTO tb_course VALUES ('20101-1001');
