/**
 * A small clinic for trying things out: invented people, common drugs, prices as a Chinese outpatient
 * clinic might ask them. Initials are the first letters of the name's pinyin, as typed at a counter.
 */
import type { Drug, Patient } from './find.ts';

export type SeedPatient = Patient & { initials: string };
export type SeedDrug = Drug & { initials: string };

type Person = readonly [no: string, name: string, initials: string, sex: 'male' | 'female', born: string];

/** A small child's `born` is how many months ago it was, so that it is one whenever the clinic is made. */
const people: readonly Person[] = [
  ['P0001', '王芳', 'wf', 'female', '1984-03-12'],
  ['P0002', '李国强', 'lgq', 'male', '1957-08-30'],
  ['P0003', '张敏', 'zm', 'female', '1991-11-05'],
  ['P0004', '刘洋', 'ly', 'male', '1998-06-21'],
  ['P0005', '陈秀英', 'cxy', 'female', '1949-01-17'],
  ['P0006', '杨磊', 'yl', 'male', '1979-09-09'],
  ['P0007', '赵雨桐', 'zyt', 'female', '75 months'],
  ['P0008', '黄志远', 'hzy', 'male', '1966-12-02'],
  ['P0009', '周晓梅', 'zxm', 'female', '1973-04-25'],
  ['P0010', '吴子轩', 'wzx', 'male', '8 months'],
  ['P0011', '孙丽华', 'slh', 'female', '1988-07-14'],
  ['P0012', '欧阳建国', 'oyjg', 'male', '1961-10-01'],
];

/** The patients as they are on `today` (`yyyy-MM-dd`). */
export function seedPatients(today: string): SeedPatient[] {
  return people.map(([patient_no, name, initials, sex, born]) => {
    const months = /^(\d+) months$/.exec(born)?.[1];
    const birth_date = months === undefined ? born : firstOfMonth(today, Number(months));
    return { patient_no, name, initials, sex, birth_date };
  });
}

/** The first day of the month that lies `monthsAgo` before that of `today`. */
function firstOfMonth(today: string, monthsAgo: number): string {
  const [year = 0, month = 1] = today.split('-').map(Number);
  const count = year * 12 + (month - 1) - monthsAgo;
  return `${Math.floor(count / 12)}-${String((count % 12) + 1).padStart(2, '0')}-01`;
}

type Medicine = readonly [
  code: string,
  name: string,
  initials: string,
  form: string,
  spec: string,
  unit: string,
  unit_price: string,
  dose_unit: string,
  trade_name?: string,
];

const western: readonly Medicine[] = [
  ['W001', '阿莫西林胶囊', 'amxljn', '胶囊剂', '0.25g×24粒', '盒', '12.80', 'g'],
  ['W002', '头孢克肟分散片', 'tbkwfsp', '片剂', '0.1g×6片', '盒', '28.50', 'g', '世福素'],
  ['W003', '阿奇霉素片', 'aqmsp', '片剂', '0.25g×6片', '盒', '21.60', 'g'],
  ['W004', '左氧氟沙星片', 'zyfsxp', '片剂', '0.5g×4片', '盒', '32.00', 'g', '可乐必妥'],
  ['W005', '布洛芬缓释胶囊', 'blfhsjn', '胶囊剂', '0.3g×20粒', '盒', '18.90', 'g', '芬必得'],
  ['W006', '布洛芬混悬液', 'blfhxy', '混悬剂', '100ml:2g', '瓶', '19.80', 'ml', '美林'],
  ['W007', '对乙酰氨基酚片', 'dyxajfp', '片剂', '0.5g×10片', '盒', '6.50', 'g'],
  ['W008', '盐酸氨溴索口服溶液', 'ysaxskfry', '口服溶液剂', '100ml:0.6g', '瓶', '26.30', 'ml', '沐舒坦'],
  ['W009', '氯雷他定片', 'lltdp', '片剂', '10mg×6片', '盒', '15.20', 'mg', '开瑞坦'],
  ['W010', '孟鲁司特钠咀嚼片', 'mlstnjjp', '咀嚼片', '4mg×5片', '盒', '33.40', 'mg', '顺尔宁'],
  ['W011', '奥美拉唑肠溶胶囊', 'amlzcrjn', '胶囊剂', '20mg×14粒', '盒', '16.70', 'mg'],
  ['W012', '蒙脱石散', 'mtss', '散剂', '3g×10袋', '盒', '17.50', 'g', '思密达'],
  ['W013', '口服补液盐散(Ⅲ)', 'kfbyys', '散剂', '5.125g×6袋', '盒', '24.00', '袋'],
  ['W014', '苯磺酸氨氯地平片', 'bhsaldpp', '片剂', '5mg×28片', '盒', '29.80', 'mg', '络活喜'],
  ['W015', '缬沙坦胶囊', 'xstjn', '胶囊剂', '80mg×28粒', '盒', '38.60', 'mg', '代文'],
  ['W016', '盐酸二甲双胍片', 'ysejsgp', '片剂', '0.5g×30片', '盒', '22.40', 'g', '格华止'],
  ['W017', '阿托伐他汀钙片', 'atftdgp', '片剂', '20mg×28片', '盒', '41.20', 'mg', '立普妥'],
  ['W018', '阿司匹林肠溶片', 'asplcrp', '片剂', '0.1g×30片', '盒', '13.90', 'g'],
  ['W019', '氧氟沙星滴耳液', 'yfsxdey', '滴耳剂', '5ml:15mg', '支', '9.60', '滴'],
  ['W020', '莫匹罗星软膏', 'mplxrg', '软膏剂', '2%×5g', '支', '14.30', 'g', '百多邦'],
];

const patent: readonly Medicine[] = [
  ['C001', '急支糖浆', 'jztj', '糖浆剂', '100ml', '瓶', '21.50', 'ml'],
  ['C002', '连花清瘟胶囊', 'lhqwjn', '胶囊剂', '0.35g×24粒', '盒', '14.80', '粒'],
  ['C003', '蓝芩口服液', 'lqkfy', '合剂', '10ml×6支', '盒', '32.50', '支'],
  ['C004', '小儿豉翘清热颗粒', 'xecqqrkl', '颗粒剂', '2g×9袋', '盒', '36.90', '袋'],
  ['C005', '藿香正气口服液', 'hxzqkfy', '合剂', '10ml×10支', '盒', '18.20', '支'],
  ['C006', '复方丹参滴丸', 'ffdsdw', '滴丸剂', '27mg×180丸', '瓶', '27.60', '丸'],
  ['C007', '六味地黄丸', 'lwdhw', '浓缩丸', '200丸', '瓶', '19.40', '丸'],
  ['C008', '云南白药膏', 'ynbyg', '贴膏剂', '6.5cm×10cm×5贴', '盒', '25.00', '贴'],
];

/** Herbs are priced by the gram, in yuan with up to four decimals. */
const herbs: readonly (readonly [code: string, name: string, initials: string, unit_price: string])[] = [
  ['H001', '黄芪', 'hq', '0.0850'],
  ['H002', '党参', 'ds', '0.1650'],
  ['H003', '白术', 'bz', '0.1280'],
  ['H004', '茯苓', 'fl', '0.0720'],
  ['H005', '甘草', 'gc', '0.0680'],
  ['H006', '当归', 'dg', '0.1950'],
  ['H007', '川芎', 'cx', '0.0960'],
  ['H008', '陈皮', 'cp', '0.0540'],
  ['H009', '法半夏', 'fbx', '0.2480'],
  ['H010', '柴胡', 'ch', '0.1875'],
  ['H011', '薄荷', 'bh', '0.0435'],
  ['H012', '桔梗', 'jg', '0.0905'],
];

function medicine(kind: 'western' | 'patent', rows: readonly Medicine[]): SeedDrug[] {
  return rows.map(
    ([code, generic_name, initials, form, spec, unit, unit_price, dose_unit, trade_name = '']) => {
      return { code, generic_name, trade_name, initials, form, spec, kind, unit, unit_price, dose_unit };
    },
  );
}

export const seedDrugs: readonly SeedDrug[] = [
  ...medicine('western', western),
  ...medicine('patent', patent),
  ...herbs.map(([code, generic_name, initials, unit_price]): SeedDrug => {
    const grams = { unit: 'g', dose_unit: 'g', unit_price };
    return {
      code,
      generic_name,
      trade_name: '',
      initials,
      form: '饮片',
      spec: '统货',
      kind: 'herb',
      ...grams,
    };
  }),
];

/** How a drug of the list is taken on a seeded prescription. */
export type SeedLine = readonly [
  code: string,
  dose: string,
  route: string,
  frequency: string,
  quantity: string,
  days?: number,
];

export interface SeedPrescription {
  patient_no: string;
  department: string;
  doctor: string;
  diagnosis: string;
  rx_class?: 'child';
  weight_grams?: number;
  long_supply_reason?: string;
  doses?: number;
  decoction?: string;
  lines: readonly SeedLine[];
}

export const seedPrescriptions: readonly SeedPrescription[] = [
  {
    patient_no: 'P0001',
    department: '全科',
    doctor: '林医生',
    diagnosis: '急性支气管炎',
    lines: [
      ['W001', '0.5', '口服', '每日三次', '2', 5],
      ['W008', '10', '口服', '每日二次', '1', 5],
      ['C001', '20', '口服', '每日三次', '2', 5],
    ],
  },
  {
    patient_no: 'P0002',
    department: '内科',
    doctor: '何医生',
    diagnosis: '原发性高血压；2 型糖尿病',
    long_supply_reason: '慢性病，病情稳定',
    lines: [
      ['W014', '5', '口服', '每日一次', '1', 28],
      ['W016', '0.5', '口服', '每日二次', '2', 28],
      ['W018', '0.1', '口服', '每晚一次', '1', 28],
    ],
  },
  {
    patient_no: 'P0010',
    department: '儿科',
    doctor: '宋医生',
    diagnosis: '急性上呼吸道感染',
    rx_class: 'child',
    weight_grams: 8600,
    lines: [
      ['W006', '2.5', '口服', '发热时，间隔不少于 6 小时', '1', 3],
      ['C004', '1', '口服', '每日三次', '1', 3],
    ],
  },
  {
    patient_no: 'P0009',
    department: '中医科',
    doctor: '白医生',
    diagnosis: '脾胃虚弱证',
    doses: 7,
    decoction: '水煎 400ml，早晚饭后温服',
    lines: [
      ['H002', '15', '水煎服', '每日一剂', '15'],
      ['H003', '12', '水煎服', '每日一剂', '12'],
      ['H004', '15', '水煎服', '每日一剂', '15'],
      ['H008', '6', '水煎服', '每日一剂', '6'],
      ['H005', '6', '水煎服', '每日一剂', '6'],
    ],
  },
  {
    patient_no: 'P0004',
    department: '全科',
    doctor: '林医生',
    diagnosis: '过敏性鼻炎',
    lines: [['W009', '10', '口服', '每日一次', '1', 6]],
  },
];
