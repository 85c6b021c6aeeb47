from config.variables import fill, per_customer, placeholders


def test_a_placeholder_takes_its_value_or_its_default() -> None:
    text = "{客户昵称|亲爱的}，{门店名}的{员工姓名}"

    assert fill(text, {"客户昵称": "小鱼", "员工姓名": "张丽"}) == "小鱼，的张丽"
    assert fill(text, {"客户昵称": "", "门店名": "徐汇店"}) == "亲爱的，徐汇店的"


def test_a_value_is_never_read_as_a_placeholder_again() -> None:
    assert fill("{客户昵称}好", {"客户昵称": "{门店名}", "门店名": "x"}) == "{门店名}好"


def test_what_differs_per_customer_is_known() -> None:
    assert per_customer("{客户昵称|您}，{门店名}") == ("{客户昵称|您}",)
    assert [one.name for one in placeholders("{ 客户昵称 }{宝宝月龄|x}")] == [
        "客户昵称",
        "宝宝月龄",
    ]
