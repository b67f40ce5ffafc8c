"""What thousands of records say alike is held once; what they say stays the same."""

from azstaging.journal import Journal

ID = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm"


def test_equal_texts_of_records_that_were_read_are_one_object(estate, append):
    with Journal.open(estate) as journal:
        append(journal, 1, 2, subject={"id": ID, "target": f"{ID}#1"}, texts=[ID, {"deep": ID}])
        written = journal.records()
    with Journal.open(estate) as journal:
        found = journal.records()
    assert found == written
    first, second = (record.data for record in found[-2:])
    held = [data["subject"]["id"] for data in (first, second)]
    held += [first["texts"][0], second["texts"][1]["deep"]]
    assert {id(text) for text in held} == {id(held[0])}
    assert first["subject"]["target"] != held[0]
    assert Journal.verify_at(estate).ok
