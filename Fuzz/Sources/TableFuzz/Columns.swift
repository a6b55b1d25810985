/// Types of columns (pg_type.dat), and what of them the masker promises.
enum Columns {
    /// Whose values may hold any text, or are read as text whatever their type says.
    static let holding: [UInt32] = [
        // text, varchar, char(n), name, unknown, refcursor, cstring
        25, 1043, 1042, 19, 705, 1790, 2275,
        // xml, json, jsonb, bytea
        142, 114, 3802, 17,
        // int8, xid8, numeric, float4, float8
        20, 5069, 1700, 700, 701,
        // inet, cidr, macaddr, macaddr8, uuid, bit, varbit
        869, 650, 829, 774, 2950, 1560, 1562,
        // point, lseg, path, box, polygon, line, circle
        600, 601, 602, 603, 604, 628, 718,
        // jsonpath, pg_snapshot, int2vector, oidvector
        4072, 5038, 22, 30,
        // record, numrange, int8range, nummultirange, int8multirange
        2249, 3906, 3926, 4532, 4536,
        // text[], varchar[], name[], xml[], json[], jsonb[], bytea[], int8[], numeric[], float8[], inet[], uuid[],
        // point[], box[], record[], numrange[], int8multirange[]
        1009, 1015, 1003, 143, 199, 3807, 1001, 1016, 1231, 1022, 1041, 2951, 1017, 1020, 2287, 3907, 6157,
        // An enumeration, and a type of an extension.
        16_999, 17_001,
    ]

    /// Those of them whose binary form is text too: sixteen bytes of another, a uuid's, may spell anything.
    static let written: [UInt32] = [
        25, 1043, 1042, 19, 705, 1790, 2275, 142, 114, 3802, 17, 1009, 1015, 1003, 143, 199, 3807, 1001, 16_999, 17_001,
    ]

    /// Whose values show no entity, or write it in a form of theirs: what a server does not write there is not looked for.
    static let quiet: [UInt32] = [
        // bool, "char", int2, int4, oid, tid, regclass, regtype, regrole
        16, 18, 21, 23, 26, 27, 2205, 2206, 4096,
        // date, time, timetz, timestamp, timestamptz, interval, pg_lsn
        1082, 1083, 1266, 1114, 1184, 1186, 3220,
        // money, tsvector, tsquery, money[], tsvector[]
        790, 3614, 3615, 791, 3643,
        // int4[], date[], timestamptz[], int4range, daterange, tstzrange, int4multirange, datemultirange
        1007, 1182, 1185, 3904, 3912, 3910, 4451, 4535,
    ]
}
